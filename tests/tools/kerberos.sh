# shellcheck shell=bash
# Gets what the Kerberos tests need: a KDC (Debian's packages) and the Python libraries, which are built from source.
# usage, from the checkout: bash tests/tools/kerberos.sh install | bash tests/tools/kerberos.sh libraries DIRECTORY STAMP
#   install    the system's packages, where they are missing; needs root and apt-get
#   libraries  install, then the libraries into the virtual environment DIRECTORY; STAMP is touched when all is there
# A machine on which that cannot be done goes on without the Kerberos tests; with CI=true it fails instead.
set -euo pipefail

packages=(krb5-kdc krb5-admin-server krb5-user libkrb5-dev faketime gcc libc6-dev)
programs=(krb5kdc kdb5_util kadmin.local kinit krb5-config faketime gcc)
# Where Debian keeps what only administrators run.
PATH=$PATH:/usr/sbin:/sbin

directory=

missing() {
  local program
  for program in "${programs[@]}"; do
    command -v "$program" > /dev/null || printf '%s ' "$program"
  done
  if [[ -n $directory ]] && ! "$directory/bin/python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'; then
    printf 'Python.h (python3-dev) '
  fi
}

install_packages() {
  if [[ -z $(missing) ]]; then return; fi
  if [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null; then
    apt-get update -qq
    # No service is wanted: the tests start their own KDC in a directory of theirs.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${packages[@]}" > /dev/null
  fi
  [[ -z $(missing) ]]
}

give_up() {
  echo "The Kerberos tests cannot run here: $(missing)missing, and only root can install them (with apt-get)." >&2
  echo "On Debian, as root: apt-get install ${packages[*]}; elsewhere, the packages of MIT Kerberos with its KDC." >&2
  if [[ ${CI:-} == true ]]; then
    echo 'In continuous integration they have to run.' >&2
    exit 1
  fi
  exit 0
}

case ${1:-} in
  install)
    install_packages || give_up
    ;;
  libraries)
    directory=$2 stamp=$3
    install_packages || give_up
    # Optimised they take minutes to compile, and nothing here is in a hurry. So they do not go into pip's own cache,
    # where other projects would find them.
    settings=$(mktemp)
    trap 'rm -f "$settings"' EXIT
    printf '[build_ext]\nparallel = 2\n' > "$settings"
    CFLAGS=-O0 DIST_EXTRA_CONFIG=$settings bash tests/tools/environment.sh "$directory/bin/python" "$directory" \
      --no-cache-dir -r requirements-kerberos.txt -r tests/requirements.txt
    touch "$stamp"
    ;;
  *)
    sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
