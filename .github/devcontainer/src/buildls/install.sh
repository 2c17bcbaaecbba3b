#!/bin/sh
# install.sh: puts a release of buildls below /usr/local, if its archive is what the release's
# checksums say. VERSION is the feature's option; BUILDLS_RELEASES names another place than
# GitHub, and PREFIX another folder than /usr/local, for tests. Tried in no dev container.
set -eu
version=${VERSION:-latest} prefix=${PREFIX:-/usr/local}
from=${BUILDLS_RELEASES:-https://github.com/buildls/buildls/releases}

fail() {
  echo "buildls: $*" >&2
  exit 1
}

case $(uname -m) in
x86_64) name=buildls-linux-amd64.tar.gz ;;
aarch64) name=buildls-linux-arm64.tar.gz ;;
*) fail "there is no buildls for the processor $(uname -m)" ;;
esac
case $version in
latest) from=$from/latest/download ;;
v*) from=$from/download/$version ;;
*) from=$from/download/v$version ;;
esac

if ! command -v curl >/dev/null && ! command -v wget >/dev/null; then
  if command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl ca-certificates
  elif command -v dnf >/dev/null; then
    dnf install -y -q curl
  else
    fail "it needs curl or wget"
  fi
fi
fetch() { # FILE
  if command -v curl >/dev/null; then
    curl -fsSL --retry 3 --max-time 300 -o "$1" "$from/$1"
  else
    timeout 300 wget -q -O "$1" "$from/$1"
  fi || fail "cannot fetch $from/$1"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fetch SHA256SUMS
awk -v name="$name" '$2 == name' SHA256SUMS >wanted
[ -s wanted ] || fail "release $version has no $name"
fetch "$name"
sha256sum -c wanted >/dev/null 2>&1 || fail "$from/$name is not what SHA256SUMS says of it; it was not installed"
tar -xzf "$name"

put() { # FILE INTO
  mkdir -p "${2%/*}"
  cp "$1" "$2"
  chmod "${3:-644}" "$2"
}
put buildls "$prefix/bin/buildls" 755
for page in man/*; do put "$page" "$prefix/share/man/man${page##*.}/${page##*/}"; done
put completions/buildls.bash "$prefix/share/bash-completion/completions/buildls"
put completions/buildls.zsh "$prefix/share/zsh/site-functions/_buildls"
put completions/buildls.fish "$prefix/share/fish/vendor_completions.d/buildls.fish"
