# page.sh PAGE: writes the shop's page from prices.txt.
set -e
{
  echo '<!doctype html><title>Coffee</title><ul>'
  while read -r line; do echo "<li>$line</li>"; done <prices.txt
  echo '</ul>'
} >"$1"
echo "page.sh: wrote $1, $(grep -c '<li>' "$1") prices, $(head -n 1 prices.txt)"
