# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation site: Sphinx reads the pages as they are in the repository (``make site``)."""

from __future__ import annotations

project = "mailops.exchange_hybrid"
author = "The mailops.exchange_hybrid contributors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx' own name

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
# The anchors that GitHub makes of headings: the pages link to each other by these.
myst_heading_anchors = 4
nitpicky = False
highlight_language = "none"
# What the pages call yaml has Jinja in it, and a JSON example may be cut.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = "mailops.exchange_hybrid"
html_static_path = ["_static"]
html_js_files = ["recording.js", "cast.js"]
html_show_sphinx = False
html_copy_source = False
