# shellcheck shell=bash
# Installs Debian's PostgreSQL server and PgBouncer for the tests of the memory in a database, where it is missing.
# usage, from the checkout: bash tests/tools/postgresql.sh
# Needs root and apt-get. A machine on which that cannot be done goes on without those tests; with CI=true it fails.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The tests' own answer: psql without a server is not enough.
present() {
  local lacking
  lacking=$(python3 "$here/../integration/postgresql/available.py") && [[ -z $lacking ]]
}

if present; then exit 0; fi
if [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null; then
  apt-get update -qq
  # No service is wanted: Debian's own cluster would be started, and the tests make theirs in a directory of theirs.
  mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] ||
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends postgresql pgbouncer > /dev/null
fi
if present; then exit 0; fi

echo "The tests against a real PostgreSQL cannot run here: it is missing, and only root can install it." >&2
echo "On Debian, as root: apt-get install postgresql pgbouncer." >&2
if [[ ${CI:-} == true ]]; then
  echo 'In continuous integration they have to run.' >&2
  exit 1
fi
