# shellcheck shell=bash
# Installs Debian's Samba domain controller for the tests of the Active Directory connection, where it is missing.
# usage, from the checkout: bash tests/tools/samba.sh
# Needs root and apt-get. A machine on which that cannot be done goes on without those tests; with CI=true it fails.
set -euo pipefail

packages=(samba samba-ad-dc samba-ad-provision winbind python3-samba ldap-utils)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The tests' own answer: samba without the templates of a domain is not enough.
present() {
  local lacking
  lacking=$(python3 "$here/../integration/samba/available.py") && [[ -z $lacking ]]
}

if present; then exit 0; fi
if [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null; then
  apt-get update -qq
  # No service is wanted: the tests start their own controller in a directory of theirs.
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${packages[@]}" > /dev/null
fi
if present; then exit 0; fi

echo "The tests against a real domain controller cannot run here: samba is missing, and only root can install it." >&2
echo "On Debian, as root: apt-get install ${packages[*]}." >&2
if [[ ${CI:-} == true ]]; then
  echo 'In continuous integration they have to run.' >&2
  exit 1
fi
