# shellcheck shell=bash
# Makes or completes a virtual environment in the checkout, with the one tree in which Ansible, pytest and mypy find the
# collection: DIRECTORY/collections/ansible_collections/mailops/exchange_hybrid is a link to the checkout.
# usage, from the checkout: bash tests/tools/environment.sh PYTHON DIRECTORY ARGUMENT_OF_PIP_INSTALL...
set -euo pipefail

python=$1 directory=$2
shift 2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$python is older than Python 3.10: name a newer one, as in make PYTHON=python3.12 ..." >&2
  exit 1
fi
if ! [ -x "$directory/bin/python" ]; then
  "$python" -m venv "$directory"
fi
"$directory/bin/python" -m pip install -qq --disable-pip-version-check --upgrade "$@"

mkdir -p "$directory/collections/ansible_collections/mailops"
ln -sfn ../../../.. "$directory/collections/ansible_collections/mailops/exchange_hybrid"
"$directory/bin/python" - "$directory/collections" <<'P'
import os
import sys
import sysconfig

packages = sysconfig.get_path("purelib")
# Relative, so that the checkout can be moved.
with open(os.path.join(packages, "mailops_exchange_hybrid.pth"), "w", encoding="utf-8") as path_file:
    print(os.path.relpath(sys.argv[1], packages), file=path_file)
P
