# shellcheck shell=bash
# Imports the archive of the checkout as Ansible Galaxy and Automation Hub do, without their network and containers.
# ansible-lint is left out here: `make lint-ansible` asks more of the same files.
# usage, from the checkout, with galaxy-importer on PATH: bash tests/tools/galaxy_import.sh
set -euo pipefail

version=$(sed -n 's/^version: //p' galaxy.yml)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
ansible-galaxy collection build --output-path "$directory" > /dev/null
cd "$directory"
export GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false
# Automation Hub takes no version before 1.0.0.
if [[ $version != 0.* ]]; then export GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER=true; fi
python -m galaxy_importer.main ./*.tar.gz > log || { cat log; exit 1; }
# What the importer warns of, it still imports; a reader of the collection's page sees it all the same.
if grep -E '^(WARNING|ERROR|CRITICAL):' log; then
  echo 'The importer has something to say about the archive: see above.' >&2
  exit 1
fi
grep -x 'Importer processing completed successfully' log
