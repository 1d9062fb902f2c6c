# shellcheck shell=bash
# Installs the Java runtime that ansible-rulebook's engine needs, if none is there: as root on Debian.
# usage: bash tests/tools/java.sh
set -euo pipefail

if command -v java > /dev/null; then exit 0; fi
if [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null && apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y default-jre-headless > /dev/null; then
  exit 0
fi
echo 'There is no Java runtime, and none can be installed here. On Debian, as root: apt-get install default-jre-headless' >&2
exit 1
