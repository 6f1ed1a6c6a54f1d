"""Rules of the house that can be read off the source."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "windu").rglob("*.py"))
IDS = [str(file.relative_to(ROOT)) for file in FILES]

MAX_LINES = 500
PICKLERS = {"_pickle", "cloudpickle", "dill", "marshal", "pickle", "shelve"}
PICKLING_NAMES = {"read_pickle", "to_pickle"}
TODO_THAT_DIES = re.compile(r"TODO\((until|when|after) [^)]+\): \S")

over_files = pytest.mark.parametrize("file", FILES, ids=IDS)


def imported(source):
    """Return the dotted names that a source imports, relative dots included."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            names += [f"{origin}:{alias.name}" for alias in node.names]
    return names


def private_sklearn(source):
    """Return the private names of scikit-learn that a source imports."""
    dotted = [name for name in imported(source) if re.match(r"sklearn\b", name)]
    return [name for name in dotted if re.search(r"[.:]_(?!_)", name)]


def from_root(source):
    """Return the imports that need the package root to have run."""
    return [name for name in imported(source) if re.match(r"windu(:|$)", name)]


def unpickling(source):
    """Return what can execute a pickle: modules, functions, arguments."""
    found = [n for n in imported(source) if re.split("[.:]", n)[0] in PICKLERS]
    found += [n for n in imported(source) if n in ("joblib:load", "joblib:dump")]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in PICKLING_NAMES or (
                owner == "joblib" and node.attr in ("load", "dump")
            ):
                found.append(node.attr)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            never = isinstance(node.value, ast.Constant) and node.value.value is False
            found += [] if never else ["allow_pickle"]
    return found


def immortal_notes(source):
    """Return the comments that postpone something without saying until when."""
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    notes = [c for c in comments if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", c)]
    return [note for note in notes if not TODO_THAT_DIES.search(note)]


@over_files
def test_no_long_files(file):
    """A file stays small enough to be read in one go."""
    n_lines = len(file.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_LINES


@over_files
def test_private_sklearn_names_stay_in_compat(file):
    """Only windu/_compat imports private names of scikit-learn."""
    if "_compat" not in file.parts:
        assert private_sklearn(file.read_text(encoding="utf-8")) == []


@over_files
def test_nobody_imports_from_the_root(file):
    """The root is a facade for users; inside, each name comes from its home."""
    if file != ROOT / "windu" / "__init__.py":
        assert from_root(file.read_text(encoding="utf-8")) == []


@over_files
def test_no_pickle(file):
    """Nothing in windu reads or writes a pickle."""
    assert unpickling(file.read_text(encoding="utf-8")) == []


@over_files
def test_todos_die(file):
    """A TODO reads 'TODO(until|when|after ...): ...'."""
    assert immortal_notes(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("rule", "source", "caught"),
    [
        (private_sklearn, "from sklearn.utils._tags import Tags", True),
        (private_sklearn, "from sklearn.utils import _safe_indexing", True),
        (private_sklearn, "import sklearn.ensemble._forest", True),
        (private_sklearn, "from sklearn import __version__", False),
        (private_sklearn, "from sklearn.base import clone", False),
        (from_root, "from windu import WinduEstimator", True),
        (from_root, "import windu", True),
        (from_root, "from windu.tasks import infer_task", False),
        (unpickling, "import pickle", True),
        (unpickling, "from joblib import load", True),
        (unpickling, "import joblib\njoblib.load('f')", True),
        (unpickling, "pd.read_pickle('f')", True),
        (unpickling, "np.load('f', allow_pickle=True)", True),
        (unpickling, "np.load('f', allow_pickle=False)", False),
        (unpickling, "from joblib import Parallel", False),
        (immortal_notes, "x = 1  # TODO: later", True),
        (immortal_notes, "x = 1  # FIXME", True),
        (immortal_notes, "# TODO(until pandas 3 is the floor): drop", False),
        (immortal_notes, "x = 'TODO'", False),
    ],
)
def test_rules_catch(rule, source, caught):
    """Each rule sees what it is for, and nothing else."""
    assert bool(rule(source)) is caught
