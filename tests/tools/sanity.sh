# shellcheck shell=bash
# Runs `ansible-test sanity` on what git would commit, committed or not.
# ansible-test wants the collection at a real path .../ansible_collections/mailops/exchange_hybrid (it resolves links), so the
# files are copied to one; and every Python that it tests with must be first in PATH, before pyenv's shims.
# usage, from the checkout: bash tests/tools/sanity.sh VIRTUAL_ENVIRONMENT ARGUMENT_OF_SANITY...
set -euo pipefail

environment=$PWD/$1
shift

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
copy=$tree/ansible_collections/mailops/exchange_hybrid
mkdir -p "$copy"
git ls-files -coz --exclude-standard --deduplicate |
  while IFS= read -r -d '' file; do
    # A file that was deleted but not yet committed is still listed.
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done |
  tar --create --null --files-from=- | tar --extract --directory="$copy"

"$environment/bin/python" tests/tools/seed_ansible_test.py
pythons=$("$environment/bin/python" tests/tools/interpreters.py path)
cd "$copy"
unset ANSIBLE_COLLECTIONS_PATH PYTHONPATH
PATH=$environment/bin:$pythons:$PATH ansible-test sanity --local --color no "$@"
