# shellcheck shell=bash
# Builds the documentation site without a network: the pages as they are, and the reference that antsibull-docs makes of the
# documentation of modules, role and plugins. A warning is an error.
# usage, from the checkout, with Sphinx and antsibull-docs on PATH: bash tests/tools/site.sh DIRECTORY
set -euo pipefail

site=$1
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT

# In the folders of the repository, so that links between the pages lead to the same places.
cp -R site/. "$source"
for page in *.md docs/*.md lab/*.md roles/*/README.md LICENSE meta/execution-environment.yml execution-environment.yml; do
  if [[ -e $page ]]; then
    mkdir -p "$source/$(dirname "$page")"
    cp "$page" "$source/$page"
  fi
done
cp -R docs/images "$source/docs/images"
# The README has whole addresses, since Galaxy shows it alone. Here, what they lead to is beside it.
sed -i 's#^\(\[[a-z-]*\]: \)https://github\.com/mailops/exchange_hybrid/blob/main/#\1#' "$source/README.md"
# In a script, because a page that is opened from a file may not read another file.
python -c 'import json, sys; print("window.recording =", json.dumps(sys.stdin.read()))' \
  < docs/images/demo.cast > "$source/_static/recording.js"

mkdir "$source/collection"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error \
  --no-add-antsibull-docs-version --dest-dir "$source/collection" mailops.exchange_hybrid
# The theme has the contents of each page beside it, and complains in red about a second table of them.
sed -i '/^\.\. contents::$/,/^$/d' "$source"/collection/*.rst
rm -rf "$site"
python -m sphinx -W --keep-going -q -j auto -b html "$source" "$site"
# Neither the theme's complaint about a second table of contents nor a message within a page is a warning of Sphinx.
if grep -rlE '<nav class="contents|class="system-message' --include='*.html' "$site"; then
  echo 'These pages show an error to their reader.' >&2
  exit 1
fi
