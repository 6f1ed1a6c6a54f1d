"""Minimum versions stand in one place, and the CI run takes them from there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CORE = PROJECT["dependencies"]
ALL = [*CORE, *chain.from_iterable(PROJECT["optional-dependencies"].values())]
NAME = re.compile(r"^[\w.-]+")

ELSEWHERE = sorted(
    file
    for pattern in ("*.md", "docs/*.py", "docs/guide/*.rst", ".ci/*", "windu/**/*.py")
    for file in ROOT.glob(pattern)
)


def with_floor(requirements):
    """Return the names of the requirements that have a floor, in lower case."""
    return [NAME.match(r)[0].lower() for r in requirements if ">=" in r]


def test_every_core_dependency_has_one_floor():
    """A core dependency has a floor, and no extra repeats or changes it."""
    assert len(with_floor(CORE)) == len(CORE)
    assert len(with_floor(ALL)) == len(set(with_floor(ALL)))


@pytest.mark.parametrize(
    "file", ELSEWHERE, ids=lambda file: str(file.relative_to(ROOT))
)
def test_no_second_place(file):
    """No other file states a minimum version."""
    names = "|".join(sorted({re.escape(NAME.match(r)[0]) for r in ALL}))
    bound = rf"(?i)\b({names})(\[\w+\])?\s*[>=~]=\s*\d"
    assert re.search(bound, file.read_text(encoding="utf-8")) is None


def test_no_second_python_floor():
    """The tools take the lowest Python from requires-python."""
    assert PROJECT["requires-python"].startswith(">=")
    assert "target-version" not in PYPROJECT["tool"]["ruff"]
    assert "python_version" not in PYPROJECT["tool"]["mypy"]


def test_minimum_run_pins_every_floor():
    """The pins of the minimum run are the floors of the core and the test extra."""
    command = [sys.executable, ROOT / ".ci" / "minimum.py", "test"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    pins = [line.split("==")[0].lower() for line in done.stdout.split()]
    assert len(pins) == len(set(pins))
    assert set(with_floor(CORE)) <= set(pins)
    assert set(pins) <= set(with_floor(ALL))
