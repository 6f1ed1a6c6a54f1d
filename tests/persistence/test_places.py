"""The few functions that windu trusts: harmless, and only where they belong."""

import os
import subprocess
import sys
from collections import OrderedDict
from functools import partial

import numpy as np
import pytest
from sklearn.cluster import FeatureAgglomeration
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import cohen_kappa_score, f1_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_array

from windu import load, save
from windu.exceptions import IntegrityError, UntrustedTypesError
from windu.persistence.integrity import check_structure
from windu.persistence.trust import FUNCTIONS

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=(60, 2)), RNG.integers(0, 3, 60)])
Y = (X[:, 0] > 0).astype(int)

CALLS = """
import importlib, importlib.util, resource, sys, threading, warnings
import numpy as np
from scipy import sparse
from windu.persistence.trust import FUNCTIONS

warnings.simplefilter("ignore")
np.seterr(all="ignore")
deep = []
for _ in range(500):
    deep = [deep]
hostile = [
    None, True, -1, 2**63, 1e308, float("nan"), "", "../../etc/passwd", b"\\0", [], {},
    (), [None], [[1], [1, 2]], deep, {"a": object}, np.zeros(0), np.zeros((0, 3)),
    np.zeros((2, 2, 2)), np.array(3), np.array([None, "x", 1], dtype=object),
    np.array([np.inf, np.nan, 1.0]), np.arange(6).reshape(3, 2),
    np.array(["a", "b", "a"]), np.array([0, 1, 1]), np.zeros(3, "M8[s]"),
    np.zeros(3, "c16"), sparse.csr_array(np.eye(3)), object, print, lambda *_: 1 / 0,
    range(3), slice(None), np.float64, {1, 2}, "x" * 10_000,
]
events = []
def hook(event, args):
    if event in ("open", "import", "exec", "compile") or event.startswith(
        ("os.", "subprocess", "socket", "shutil", "ctypes", "pickle", "tempfile")
    ):
        events.append(f"{event} {args}"[:200])

def called(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    return "returned"

def found(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)

# From scipy 1.18 on it is elsewhere, and stands in no spline.
moved = "scipy._lib.array_api_compat.numpy._aliases.asarray"
is_moved = importlib.util.find_spec("scipy._lib.array_api_compat") is None
functions = [found(name) for name in FUNCTIONS if not (is_moved and name == moved)]
def every():
    for function in functions:
        for one in hostile:
            yield function, one
            yield function, one, one
            yield function, np.array([0, 1, 1]), one
            yield function, one, np.array(["a", "b", "a"])
# What is imported on first use, such as pandas by a look at a frame, is imported first.
for call in every():
    called(*call)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = threading.active_count()
sys.addaudithook(hook)
came = {}
for call in every():
    came.setdefault(called(*call), []).append(call[0].__name__)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
assert not events, events[:5]
assert grown < 100 and threading.active_count() == threads, grown
assert len(came) > 2 and "returned" in came, came
# The hook sees what it is for.
open(np.__file__).close()
assert events
print(len(functions) + is_moved, len(hostile))
"""


@pytest.mark.slow
def test_no_side_effects():
    """Each of the functions, with over 20 hostile arguments: no file, no process."""
    done = subprocess.run(
        [sys.executable, "-c", CALLS],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not done.returncode, done.stderr
    n_functions, n_arguments = map(int, done.stdout.split())
    assert n_functions == len(FUNCTIONS)
    assert n_arguments >= 20


def at_home():
    """Yield what scikit-learn itself makes with each of the functions."""
    yield FeatureAgglomeration(2)
    yield HistGradientBoostingClassifier(categorical_features=[2], max_iter=2)
    yield SelectKBest(k=1)
    tree = DecisionTreeClassifier(max_depth=1)
    yield GridSearchCV(tree, {"max_depth": [1]}, scoring="f1", cv=2)


def test_at_home(tmp_path):
    """What scikit-learn holds is loaded without trust."""
    for model in at_home():
        path = save(model.fit(X, Y), tmp_path / "model.windu")
        assert type(load(path)) is type(model)


KEYS = {"dtype": [np.float64], "ensure_all_finite": False}
NUMBERS = partial(check_array, **KEYS)


def elsewhere():
    """Yield objects with a trusted function or class in another place, and its name."""
    for function in (check_array, np.mean, f1_score):
        name = f"{function.__module__}.{function.__name__}"
        for call in (function, partial(function), partial(function, dtype="U9")):
            yield FunctionTransformer(call), name
            yield FunctionTransformer(inverse_func=call), name
        yield FunctionTransformer(function, kw_args={"dtype": "U9999999"}), name
        yield FunctionTransformer(kw_args={"x": function}), name
        yield StandardScaler(with_mean=[function]), name
        yield StandardScaler(with_mean={"a": (1, {"b": function})}), name
        yield SelectKBest(function), name
        yield np.array([function, None], dtype=object), name
        yield DecisionTreeClassifier(criterion=function), name
    check = "sklearn.utils.validation.check_array"
    yield FunctionTransformer(NUMBERS, kw_args={"dtype": "U9"}), check
    yield FunctionTransformer(NUMBERS, inverse_func=NUMBERS), check
    yield FunctionTransformer(partial(check_array, **KEYS, ensure_min_samples=0)), check
    yield FunctionTransformer(partial(check_array, **KEYS | {"dtype": ["U9"]})), check
    yield FunctionTransformer(partial(check_array, [1], **KEYS)), check
    yield StandardScaler(with_mean=NUMBERS), check
    yield FunctionTransformer(OrderedDict), "collections.OrderedDict"


@pytest.mark.filterwarnings("ignore:load will ask:windu.exceptions.WinduWarning")
def test_elsewhere(tmp_path):
    """A file that has one call another, or with its own arguments, is refused."""
    seen = 0
    for number, (held, name) in enumerate(elsewhere()):
        path = save(held, tmp_path / f"{number}.windu")
        with pytest.raises(UntrustedTypesError, match=name) as caught:
            load(path)
        assert caught.value.types == [name]
        # It is the caller's to say.
        assert type(load(path, trusted=[name])) is type(held)
        seen += 1
    assert seen >= 40


def test_save_says_what_load_will_ask(tmp_path):
    """A user who means it learns at save what to pass at load."""
    with pytest.warns(UserWarning, match=r"load will ask .*numpy\.mean"):
        save(FunctionTransformer(np.mean), tmp_path / "mean.windu")


def test_a_scorer_asks_for_no_table_of_a_million_labels(tmp_path):
    """Labels are counted pair by pair; a file may name 1,000."""
    tree = DecisionTreeClassifier(max_depth=1)
    for labels in (list(range(5000)), np.arange(5000), {"a": 1}, [[0] * 5000]):
        scorer = make_scorer(cohen_kappa_score, labels=labels)
        search = GridSearchCV(tree, {"max_depth": [1]}, scoring=scorer, cv=2)
        with pytest.raises(IntegrityError, match="at most 1000 labels"):
            check_structure(search)
    few = GridSearchCV(tree, {}, scoring=make_scorer(cohen_kappa_score, labels=[0, 1]))
    assert load(save(few, tmp_path / "few.windu")).scoring._kwargs == {"labels": [0, 1]}
