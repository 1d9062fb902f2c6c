# shellcheck shell=bash
# Runs molecule's scenario in front of a laboratory that is started for it.
# usage, from the checkout: bash tests/tools/molecule.sh DIRECTORY_OF_THE_VIRTUAL_ENVIRONMENT ARGUMENT_OF_MOLECULE...
set -euo pipefail

environment=$(cd "$1" && pwd)
shift
place=$(mktemp -d)
"$environment/bin/python" -m lab --directory "$place" --speed 400 > "$place/output" 2>&1 &
laboratory=$!
trap 'kill "$laboratory" 2> /dev/null || true; wait "$laboratory" || true; rm -rf "$place"' EXIT

until grep --quiet '^export REMOTE_CREDENTIAL_PASSWORD=' "$place/output"; do
  if ! kill -0 "$laboratory" 2> /dev/null; then
    cat "$place/output" >&2
    exit 1
  fi
  sleep 0.2
done
# shellcheck disable=SC1091
source "$place/environment.sh"
export PATH="$environment/bin:$PATH" ANSIBLE_COLLECTIONS_PATH="$environment/collections"
export ANSIBLE_LOCALHOST_WARNING=false MOLECULE_EPHEMERAL_DIRECTORY="$place/molecule"
cd extensions
molecule "$@"
