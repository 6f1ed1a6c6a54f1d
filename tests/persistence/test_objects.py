"""Objects that skops stores wrong, or cannot load: equal after load, or refused."""

import collections
import datetime
import decimal
import fractions
import http
import re
import types
import uuid
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from windu import WinduEstimator, inspect, load, save
from windu.exceptions import PersistenceError
from windu.persistence.replay import first_difference


class Whole(int):
    """A number of another type than it looks like."""


Pair = collections.namedtuple("Pair", "a b")


def words(kind):
    """Return an array of pandas' text."""
    return pd.array(["a", "b"], dtype=kind)


COMES_BACK = {
    "whole keys": {0: 9, 1: 1},
    "keys of numpy": {np.int64(1): 2},
    "number keys": {0.5: 1},
    "nested": {"a": [(1, {"b": None}), [2.5, "x"]]},
    "order": {"b": 1, "a": 2},
    "not a number": [float("nan"), float("inf"), -0.0],
    "large": 10**30,
    "odd text": "ü\0\ud800",
    "bytes": b"\0a",
    "set": {1, 2},
    "tuple": ((1,), [2]),
    "slice": slice(1, None),
    "ordered": collections.OrderedDict(b=1, a=2),
    "defaults": collections.defaultdict(list, a=[1]),
    "decimal": decimal.Decimal("1.10"),
    "fraction": fractions.Fraction(1, 3),
    "id": uuid.UUID(int=1),
    "date": datetime.date(2020, 1, 1),
    "time": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "namespace": types.SimpleNamespace(a=1),
    "a number of numpy": np.float32(0.1),
    "a time of numpy": np.datetime64("2020-01-01"),
    "no dimensions": np.array(3.0),
    "objects": np.array([["a", None], [np.int64(1), True]], dtype=object),
    "texts": np.array(["a", "bb"]),
    "records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big endian": np.arange(3, dtype=">i4"),
    "masked": np.ma.array([1, 2], mask=[False, True]),
    "no rows": np.zeros((0, 3)),
    "sparse": sparse.csr_matrix(np.eye(2)),
    "coordinates": sparse.coo_array(np.eye(2)),
    "dtype": np.dtype("f4"),
    "type": np.float32,
    "generator": np.random.default_rng(0),
    "state": np.random.RandomState(0),
    "ufunc": np.log1p,
    "partial": partial(np.log1p),
    "estimator": StandardScaler(with_mean=False),
}
REFUSED = {
    "yes-no keys": {False: 9, True: 1},
    "yes-no keys inside": {"a": [{True: 1, False: 2}]},
    "none key": {None: 1},
    "tuple keys": {(1, 2): 3},
    "keys of two types": {1: 1, "1": 2},
    "enum": http.HTTPStatus.OK,
    "own number": Whole(3),
    "complex": 1 + 2j,
    "ellipsis": ...,
    "queue": collections.deque([1]),
    "regex": re.compile("a"),
    "module": np,
    "lambda": lambda x: x,
    "method": "abc".upper,
    "view": memoryview(b"a"),
    "iterator": iter([1]),
    "proxy": types.MappingProxyType({"a": 1}),
    "series": pd.Series([1, 2]),
    "frame": pd.DataFrame({"a": [1]}),
    "names": pd.Index(["a"]),
    "range of rows": pd.RangeIndex(3),
    "timestamp": pd.Timestamp("2020-01-01"),
    "duration": pd.Timedelta("1D"),
    "levels": pd.Categorical(["a", "b"]),
    "text of pandas": words("str" if pd.__version__ >= "3" else "string"),
    "text of arrow": words("string[pyarrow]"),
    "whole numbers of pandas": pd.array([1, None], dtype="Int64"),
    "dtype of pandas": pd.CategoricalDtype(["a"]),
    "arrow": pa.array([1]),
    "recarray": np.rec.array([(1,)], dtype=[("a", "i4")]),
    "sparse by keys": sparse.dok_array((2, 2)),
    "sparse by rows": sparse.lil_array(np.eye(2)),
}
# Of pandas 3 it has a state that skops cannot give back.
(REFUSED if pd.__version__ >= "3" else COMES_BACK)["missing"] = pd.NA


def places(held):
    """Yield an object as a parameter, a fitted attribute, and deep inside."""
    for name in ("copy", "mean_", "more_"):
        part = StandardScaler().fit([[1.0], [2.0]])
        deep = {"a": [held]} if name == "more_" else held
        setattr(part, name, deep)
        yield name, part


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:load will ask:windu.exceptions.WinduWarning")
@pytest.mark.parametrize("name", COMES_BACK)
def test_comes_back(name, tmp_path):
    """What is saved is the same after load, wherever it stands."""
    for attribute, part in places(COMES_BACK[name]):
        path = save(part, tmp_path / "part.windu")
        again = load(path, trusted=inspect(path).untrusted)
        held, came = getattr(part, attribute), getattr(again, attribute)
        assert first_difference(held, came) is None
        assert type(held) is type(came)
        if not isinstance(held, (np.random.Generator, np.random.RandomState, list)):
            assert repr(held) == repr(came) or attribute == "more_"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    """What would come back as something else, or not at all, is named by its path."""
    for attribute, part in places(REFUSED[name]):
        with pytest.raises(
            PersistenceError, match=rf" {attribute}.* of the StandardScaler"
        ):
            save(part, tmp_path / "part.windu")
        assert not list(tmp_path.iterdir())


def test_the_table_is_long():
    """Over 40 objects, many of either outcome."""
    assert len(COMES_BACK) >= 30
    assert len(REFUSED) >= 30


def test_in_a_chain(tmp_path):
    """The path leads through the estimator and its parts."""
    X, y = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4, 3, 2, 1]}), [False, True] * 2
    model = LogisticRegression(class_weight={False: 9, True: 1})
    est = WinduEstimator(model).fit(X, y)
    with pytest.raises(PersistenceError, match=r"model\.class_weight of the WinduE"):
        save(est, tmp_path / "est.windu")
    parts = ColumnTransformer([("a", StandardScaler(), X.columns)])
    est = WinduEstimator("linear", transformer=parts, featurizer=None).fit(X, y)
    with pytest.raises(PersistenceError, match=r" transformers\[0\]\[2\] .*type Index"):
        save(est, tmp_path / "est.windu")
    est = WinduEstimator("linear").fit(X, y)
    est.model_.more_ = [{"a": http.HTTPStatus.OK}]
    with pytest.raises(PersistenceError, match=r"model_\.more_\[0\]\['a'\] of"):
        save(est, tmp_path / "est.windu")


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"a": 1}, {"a": True}, "['a']"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ""),
        ([0.0], [-0.0], "[0]"),
        (np.array([1.0]), np.array([1]), ""),
        (np.array([1.0]), np.array([1.0 + 1e-16 * 3]), ""),
        (np.array([["a", 1]], object), np.array([["a", 1.0]], object), "[1]"),
        (StandardScaler(), StandardScaler(with_std=False), ".with_std"),
        (partial(max, 1), partial(max, 2), ".args[0]"),
        (sparse.csr_array(np.eye(2)), sparse.csr_array(np.eye(2) * 2), ".data"),
        (sparse.csr_array(np.eye(2)), sparse.csr_array(np.eye(2)[::-1]), ""),
        ({1}, {2}, ""),
        (collections.deque([1]), collections.deque([2]), "[0]"),
        (np.random.default_rng(0), np.random.default_rng(1), "['state']['state']"),
    ],
)
def test_differences_are_found(one, other, path):
    """Type, order, sign, bits: each kind of object by what it holds."""
    assert first_difference(one, one) is None
    assert first_difference(one, other)[0] == path
