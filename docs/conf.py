"""Sphinx configuration: what the pages need, and nothing from the network."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

from _generate import (  # noqa: E402
    reference_page,
    task_rules_table,
    tolerance_table,
)

import windu  # noqa: E402

project = "windu"
author = "The windu developers"
copyright = "The windu developers"
version = release = windu.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    # The gallery reads these; what it makes of them stands in gallery/.
    "examples/*",
    "gallery/*.ipynb",
    "gallery/*.py",
    "sg_execution_times.rst",
]
templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = "windu"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}

autosummary_generate = True
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    # The default runs only files named plot_*; here every example runs.
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "reset_modules": (),
    "show_memory": False,
    "show_signature": False,
}

generated = DOCS / "reference"
generated.mkdir(exist_ok=True)
for name, text in {
    "index.rst": reference_page(),
    "task_rules.inc": task_rules_table(),
    "tolerances.inc": tolerance_table(),
}.items():
    # Written only when it differs, so that Sphinx rebuilds only what changed.
    path = generated / name
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def skip_request_methods(app, what, name, obj, skip, options):
    """Leave out ``set_..._request``: their texts refer to scikit-learn's guide."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def plain_terms(app, what, name, obj, options, lines):
    """Write terms of scikit-learn's glossary, of inherited texts, as code."""
    lines[:] = [re.sub(":term:(`[^`]+`)", r"`\1`", line) for line in lines]


def setup(app):
    """Connect what Sphinx cannot be told by a setting."""
    app.connect("autodoc-skip-member", skip_request_methods)
    # After numpydoc, which brings them in.
    app.connect("autodoc-process-docstring", plain_terms, priority=900)
