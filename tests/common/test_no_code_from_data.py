"""What windu never does, told from its source: run what it reads."""

import ast
from pathlib import Path

import pytest

import windu

SOURCES = sorted(Path(windu.__file__).parent.rglob("*.py"))
#: Modules that build whatever a file says.
MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
#: Calls of joblib that read or write a pickle.
JOBLIB = {"load", "dump", "Memory"}
READERS = {"read_pickle", "to_pickle", "load_pickle"}
YAML = {"load", "load_all", "unsafe_load", "full_load", "unsafe_load_all"}


def names_of(node):
    """Return the dotted name of an expression, empty for others."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *parts[::-1]]) if isinstance(node, ast.Name) else ""


def imported(tree):
    """Return what each name of a module stands for, and its imports."""
    known, lines = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                lines.append((node.lineno, one.name))
                short = one.name.partition(".")[0]
                known[one.asname or short] = one.name if one.asname else short
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                lines.append((node.lineno, f"{node.module}.{one.name}"))
                known[one.asname or one.name] = f"{node.module}.{one.name}"
    return known, lines


def safe_loaders(tree, known):
    """Return the names of yaml's safe loaders and of the classes made of them."""
    safe = {"yaml.SafeLoader", "yaml.CSafeLoader", "yaml.BaseLoader"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = {full(names_of(base), known) for base in node.bases}
            if bases & safe:
                safe.add(node.name)
    return safe


def full(name, known):
    """Return a dotted name with what its first part was imported as."""
    first, dot, rest = name.partition(".")
    return known.get(first, first) + dot + rest


def faults_of(source):
    """Return the lines of a module that could run what they read."""
    tree = ast.parse(source)
    known, lines = imported(tree)
    safe = safe_loaders(tree, known)
    faults = []
    for line, name in lines:
        package, _, rest = name.partition(".")
        if package in MODULES or (package == "joblib" and rest in JOBLIB):
            faults.append(f"{line}: import of {name}")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = full(names_of(node.func), known)
        package, _, last = name.rpartition(".")
        given = {one.arg: one.value for one in node.keywords}
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        loader = given.get("Loader", node.args[1] if len(node.args) > 1 else None)
        allowed = given.get("allow_pickle")
        wrong = (
            name in BUILTINS
            or (package == "builtins" and last in BUILTINS)
            or (package.partition(".")[0] == "joblib" and last in JOBLIB)
            or (package == "importlib" and str(_text(node)) in MODULES)
            or called in READERS
            or (
                package == "yaml"
                and last in YAML
                and (
                    last not in ("load", "load_all")
                    or full(names_of(loader), known) not in safe
                )
            )
            or (
                name in ("numpy.load", "numpy.lib.format.read_array")
                and not (isinstance(allowed, ast.Constant) and allowed.value is False)
            )
        )
        if wrong:
            faults.append(f"{node.lineno}: call of {name or called}")
    return faults


def _text(call):
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) else None


@pytest.mark.slow
def test_nothing_read_is_run():
    """No pickle in any form, no eval, only safe YAML, no pickled arrays."""
    assert len(SOURCES) > 50
    found = {str(file): faults_of(file.read_text(encoding="utf-8")) for file in SOURCES}
    assert {file: faults for file, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import cloudpickle as c",
        "import dill, marshal",
        "def f():\n    import shelve",
        "from joblib import load",
        "import joblib\njoblib.dump(1, 'a')",
        "import joblib as j\nj.load('a')",
        "import importlib\nimportlib.import_module('pickle')",
        "eval('1')",
        "exec('1')",
        "compile('1', '', 'eval')",
        "import builtins\nbuiltins.eval('1')",
        "__import__('os')",
        "import yaml\nyaml.load('a')",
        "import yaml\nyaml.load('a', Loader=yaml.Loader)",
        "import yaml\nyaml.load('a', yaml.FullLoader)",
        "import yaml as y\ny.unsafe_load('a')",
        "from yaml import load\nload('a')",
        "import yaml\nclass L(yaml.Loader): pass\nyaml.load('a', Loader=L)",
        "import numpy as np\nnp.load('a')",
        "import numpy as np\nnp.load('a', allow_pickle=True)",
        "from numpy import load\nload('a', allow_pickle=ok)",
        "import pandas as pd\npd.read_pickle('a')",
    ],
)
def test_a_fault_is_seen(source):
    """The look at the source finds each kind in each spelling."""
    assert faults_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('a')",
        "import yaml\nclass L(yaml.SafeLoader): pass\nyaml.load('a', Loader=L)",
        "import numpy as np\nnp.load('a', allow_pickle=False)",
        "from joblib import Parallel",
        "frame.eval('a')",
    ],
)
def test_what_is_safe_passes(source):
    """It does not stop at names that only look alike."""
    assert faults_of(source) == []
