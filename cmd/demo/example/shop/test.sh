# test.sh PAGE: every price must be on the page.
if [ ! -f "$1" ]; then
  echo "test.sh: there is no page $1; there is $(ls *.html)"
  exit 2
fi
while read -r line; do
  grep -q "<li>$line</li>" "$1" || { echo "test.sh: $line is not on the page"; exit 1; }
done <prices.txt
echo "test.sh: $(wc -l <prices.txt) prices are right"
