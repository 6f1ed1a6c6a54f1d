"""Digests are equal where class, parameters and code are equal."""

import functools
import importlib
import re
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from windu import ThresholdSelector, WinduEstimator
from windu.estimator.digests import digest_of

DIFFERENT = [
    (1, True, 1.0, "1", b"1", None, (1,), [1], {1}, {1: 1}, np.int64(1), slice(1)),
    (SVC(C=1), SVC(C=2), SVC, SVC(kernel=RBF(1)), SVC(kernel=RBF(2))),
    (
        np.array([1, 2]),
        np.array([1.0, 2.0]),
        np.array([[1, 2]]),
        np.array([1, "2"], "O"),
    ),
    (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), pd.Series([1, 2])),
    (pd.DataFrame({"a": [1, 3]}), pd.DataFrame({"a": [1, 2]}, index=[5, 6])),
    (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "b"])),
    (pd.Series([1, True], dtype=object), pd.Series([1, 1], dtype=object)),
    (np.log1p, np.log, np.float32, np.dtype("f8")),
    (lambda x: x + 1, lambda x: x + 2, lambda y: y + 1),
    (functools.partial(np.add, 1), functools.partial(np.add, 2)),
    (StratifiedKFold(3), StratifiedKFold(4), StratifiedKFold(3, shuffle=True)),
    (WinduEstimator(), WinduEstimator("linear"), WinduEstimator(threshold="f1")),
    (ThresholdSelector("f1"), ThresholdSelector(thresholds=0.5)),
    (
        sparse.csr_array([[1, 0]]),
        sparse.csr_array([[0, 1]]),
        sparse.csc_array([[1, 0]]),
    ),
    (pd.Timestamp(0), pd.Timestamp(1), pd.NA, np.nan),
]


@pytest.mark.parametrize("values", DIFFERENT, ids=range(len(DIFFERENT)))
def test_different(values):
    """No two of these are taken for the same."""
    digests = [digest_of(value) for value in values]
    assert None not in digests
    assert len(set(digests)) == len(values)
    assert digests == [digest_of(value) for value in values]


def test_more_values():
    """Where one ends and the next begins is told."""
    assert digest_of("a", "b") != digest_of("ab") != digest_of(["a"], "b")
    assert digest_of([1, [2]]) != digest_of([1, 2])


def test_methods_that_scikit_learn_wraps():
    """A transformer of a user's own counts by its code, behind scikit-learn's too."""

    def made(power):
        class Powers(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                return self

            def transform(self, X):
                return X**power

        Powers.__qualname__ = "Powers"
        return Powers()

    assert digest_of(made(2)) == digest_of(made(2)) != digest_of(made(3))
    assert digest_of(made(2)) is not None


@pytest.mark.parametrize(
    "value",
    [np.random.RandomState(0), np.random.default_rng(0), iter([1]), re.compile("a")],
)
def test_no_digest(value):
    """What cannot be compared has none."""
    assert digest_of(value) is None
    assert digest_of(SVC(C=1), [value]) is None


def test_idle_parameters():
    """What changes only the time does not count."""
    assert digest_of(WinduEstimator(n_jobs=2, verbose=True)) == digest_of(
        WinduEstimator()
    )


MODULE = """
from helpers_of_test import help
SCALE = {scale}
def inner(x):
    return x {sign} SCALE
def add(frame):
    return inner(frame) + help(frame)
class Own:
    def get_params(self, deep=False):
        return {{}}
    def fit(self, X):
        return {scale}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes the modules of a user and imports them anew."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(scale=1, sign="+", helped="x"):
        (tmp_path / "helpers_of_test.py").write_text(
            f"def help(x):\n    return {helped}\n"
        )
        (tmp_path / "features_of_test.py").write_text(
            MODULE.format(scale=scale, sign=sign)
        )
        for name in ("helpers_of_test", "features_of_test"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module("features_of_test")

    yield write
    for name in ("helpers_of_test", "features_of_test"):
        sys.modules.pop(name, None)


def test_edited_code(written):
    """A function counts with all of the user's code and constants that it uses."""
    first = digest_of(FunctionTransformer(written().add))
    assert digest_of(FunctionTransformer(written().add)) == first
    for edit in ({"scale": 2}, {"sign": "-"}, {"helped": "x * 2"}):
        assert digest_of(FunctionTransformer(written(**edit).add)) != first
    one = digest_of(written().Own())
    assert digest_of(written(scale=5).Own()) != one


def test_nested_parts():
    """Parameters inside parameters count."""

    def made(with_mean):
        return ColumnTransformer([("a", StandardScaler(with_mean=with_mean), ["x"])])

    assert digest_of(made(True)) == digest_of(made(True)) != digest_of(made(False))


def test_recursion():
    """A function that calls itself has a digest."""

    def again(n):
        return again(n - 1) if n else 0

    class Node(BaseEstimator):
        def __init__(self, other=None):
            self.other = other

    node = Node()
    node.other = node
    assert digest_of(again)
    assert digest_of(node)
