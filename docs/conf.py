"""Configuration of the documentation: Sphinx, furo and MyST; warnings are errors."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from tables import write_tables  # noqa: E402

import pmport  # noqa: E402 - found through the line above

project = "pmport"
author = "The pmport developers"
copyright = "2026, the pmport developers"  # noqa: A001 - Sphinx's name
version = release = pmport.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx.ext.intersphinx",
]
intersphinx_mapping: dict[str, tuple[str, str | None]] = {}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "pmport"
html_theme_options = {"source_repository": "", "navigation_with_keys": True}
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
autodoc_default_options = {
    "members": True,
    "undoc-members": False,
    "show-inheritance": True,
    "member-order": "bysource",
}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

write_tables(HERE)
