"""Configuration of the documentation: Sphinx, furo and MyST; warnings are errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from sphinx.ext.napoleon import GoogleDocstring  # noqa: E402 - with what is below, behind the paths
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
    "sphinx_copybutton",
]
copybutton_prompt_text = "$ "
intersphinx_mapping: dict[str, tuple[str, str | None]] = {}
exclude_patterns = ["_build"]
suppress_warnings = ["ref.python"]  # two rooms have a Draft and a Question; a name in a signature may mean either
html_static_path = ["_static"]
html_js_files = ["filter.js"]
html_css_files = ["pmport.css"]
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

WHOLE: dict[str, list[str]] = {}
"""Docstrings of attributes as they stand; napoleon takes what is in front of their first colon for a type."""


def keep(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Read an attribute's docstring as a function's is read, before napoleon does it otherwise."""
    if what in {"attribute", "data", "property"}:
        WHOLE[name] = GoogleDocstring(lines, app.config, app, "function", name, value, options).lines()


def put_back(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Take what was kept instead of napoleon's reading."""
    del app, value, options
    if what in {"attribute", "data", "property"} and name in WHOLE:
        lines[:] = WHOLE.pop(name)


def setup(app: Sphinx) -> None:
    """Stand before and behind napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", keep, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
