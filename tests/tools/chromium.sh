# shellcheck shell=bash
# Installs Debian's Chromium with its driver for the tests of the HTML report, where it is missing.
# usage, from the checkout: bash tests/tools/chromium.sh
# Needs root and apt-get. A machine on which that cannot be done goes on without those tests; with CI=true it fails.
set -euo pipefail

# Fonts, because a page without any has no width to measure.
packages=(chromium chromium-driver fonts-liberation fonts-dejavu-core)

present() { command -v chromium > /dev/null && command -v chromedriver > /dev/null; }

if present; then exit 0; fi
if [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" > /dev/null
fi
if present; then exit 0; fi

echo "The tests of the HTML report in a browser cannot run here: chromium is missing, and only root can install it." >&2
echo "On Debian, as root: apt-get install ${packages[*]}." >&2
if [[ ${CI:-} == true ]]; then
  echo 'In continuous integration they have to run.' >&2
  exit 1
fi
