"""The public names: lazy, documented, and in the reference."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import windu

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "pandas", "sklearn")

IMPORT = "import windu"
HELP = """
import sys
from windu.cli import main
sys.argv = ["windu", "--help"]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""


def public():
    """Return the dotted name and the object of each public name."""
    found = {f"windu.{name}": getattr(windu, name) for name in windu.__all__}
    for name, module in list(found.items()):
        if inspect.ismodule(module):
            found |= {
                f"{name}.{inner}": getattr(module, inner) for inner in module.__all__
            }
    return found


PUBLIC = public()
DOCUMENTED = [
    name
    for name, value in PUBLIC.items()
    if inspect.isclass(value) or inspect.isfunction(value)
]


def load_generator():
    """Return docs/_generate.py as a module."""
    spec = importlib.util.spec_from_file_location(
        "windu_docs_generate", ROOT / "docs" / "_generate.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", [IMPORT, HELP], ids=["import", "help"])
def test_lazy(code):
    """Neither ``import windu`` nor ``windu --help`` loads a heavy library."""
    report = f"\nimport sys\nprint('heavy:', [n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_names_are_sorted():
    """``__all__`` is sorted, and ``dir`` shows it before anything is loaded."""
    assert list(windu.__all__) == sorted(windu.__all__)
    assert set(windu.__all__) <= set(dir(windu))


def test_unknown_name():
    """A name that is not there is an AttributeError like everywhere."""
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = windu.no_such_name


@pytest.mark.parametrize("name", DOCUMENTED)
def test_docstring(name):
    """A public class or function has a numpydoc docstring with an example."""
    value = PUBLIC[name]
    doc = inspect.getdoc(value) or ""
    sections = re.findall(r"^(\w[\w ]*)\n-+$", doc, re.MULTILINE)
    assert re.match(r"[^\n]+\.", doc)
    assert "Examples" in sections
    assert ">>> " in doc[doc.index("Examples\n") :]
    if inspect.isfunction(value):
        assert "Returns" in sections or "Yields" in sections
    for parameter in parameters(value):
        assert "Parameters" in sections
        assert re.search(rf"^[\w*, ]*\b{parameter}\b[\w*, ]* : ", doc, re.MULTILINE)


def parameters(value):
    """Return the parameters that windu itself gives to a class or function."""
    inherited = inspect.isclass(value) and "__init__" not in vars(value)
    return [] if inherited else [*inspect.signature(value).parameters]


def test_reference_is_complete():
    """Each public name stands in the reference, under its module."""
    page = load_generator().reference_page()
    module = None
    listed = set()
    for line in page.splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"   (\w+)$", line):
            listed.add(f"{module}.{found[1]}")
    named = {name for name, value in PUBLIC.items() if not inspect.ismodule(value)}
    assert listed == named
    for name, value in PUBLIC.items():
        if inspect.ismodule(value):
            assert f".. currentmodule:: {name}" in page
