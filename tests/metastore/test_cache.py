"""Outputs of steps: whole or not there."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from windu import Metastore
from windu.datasets import load_penguins
from windu.exceptions import PersistenceError
from windu.metastore.cache import cache_of, from_files, to_files
from windu.schema.inference import infer_table

KEY = "a" * 64
FRAME = load_penguins().frame
MODEL = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
VALUES = {
    "frame": FRAME,
    "objects": FRAME.astype({"island": object}),
    "gaps": pd.DataFrame({"a": ["x", None], "b": ["y", np.nan]}, dtype=object),
    "types": pd.DataFrame(
        {
            "when": pd.to_datetime(["2020-01-01", None]),
            "kind": pd.Categorical(["b", "a"], ["b", "a"], ordered=True),
            "whole": pd.array([1, None], dtype="Int64"),
        },
        index=[7, 3],
    ),
    "array": np.arange(6.0).reshape(2, 3),
    "sparse": sparse.csr_array(np.eye(3)),
    "schema": infer_table(FRAME),
    "plain": {"a": [1, 2.5, None, "x", True]},
    "nothing": None,
    "model": MODEL,
}


def _same(one, other):
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        for name in one.columns[one.dtypes == object]:
            assert list(map(type, one[name])) == list(map(type, other[name]))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    elif sparse.issparse(one):
        assert type(one) is type(other)
        assert (one != other).nnz == 0
    elif isinstance(one, LogisticRegression):
        assert np.array_equal(one.coef_, other.coef_)
    else:
        assert type(one) is type(other)
        assert one == other


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    """Each kind comes back as it was."""
    files = to_files({name: VALUES[name]})
    _same(VALUES[name], from_files(files.__getitem__, "here")[name])


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1, "x"]}, dtype=object),
        pd.DataFrame({"a": ["x", None, float("nan")]}, dtype=object),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
    ],
)
def test_tables_that_would_come_back_otherwise(frame):
    """They are not kept."""
    with pytest.raises(PersistenceError, match="come back from Parquet as it was"):
        to_files({"frame": frame})


@pytest.fixture
def store(tmp_path):
    return Metastore(tmp_path / "store")


def test_entries(store):
    """What is put is there for others, is counted, and can be removed."""
    held = cache_of(store)
    assert held.get(KEY) is None
    held.put(KEY, VALUES, step="featurize")
    found = cache_of(store).get(KEY)
    assert list(found) == list(VALUES)
    for name, value in VALUES.items():
        _same(value, found[name])
    table = held.entries()
    assert table["step"].tolist() == ["featurize"]
    assert table["key"].tolist() == [KEY]
    assert held.clear() == 1
    assert held.get(KEY) is None
    assert not len(held.entries())


def test_every_damage_is_a_miss(store, tmp_path):
    """300 changed bytes, 100 cuts, and an entry under another key."""
    held = cache_of(store)
    held.put(KEY, {"a": [1], "frame": FRAME.head(3), "model": MODEL}, step="x")
    (path,) = (tmp_path / "store" / "cache").iterdir()
    good, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(good)
        data[rng.integers(len(data))] ^= 1 + int(rng.integers(255))
        path.write_bytes(data)
        assert held.get(KEY) is None
    for _ in range(100):
        path.write_bytes(good[: rng.integers(len(good))])
        assert held.get(KEY) is None
    other = "b" * 64
    path.with_name(f"{other}.windu").write_bytes(good)
    assert held.get(other) is None
    assert set(held.entries()["step"]) == {"damaged", "x"}


def test_signed(tmp_path):
    """With a key, what is not signed with it is not used."""
    plain = cache_of(Metastore(tmp_path / "s"))
    plain.put(KEY, {"a": 1}, step="x")
    signed = cache_of(Metastore(tmp_path / "s", key=b"k" * 32))
    assert signed.get(KEY) is None
    signed.put(KEY, {"a": 2}, step="x")
    assert signed.get(KEY) == {"a": 2}
    assert cache_of(Metastore(tmp_path / "s", key=b"l" * 32)).get(KEY) is None


@pytest.mark.parametrize("key", ["", "../a", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_keys(store, key):
    """Only digests are keys."""
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        cache_of(store).get(key)


def test_runs_do_not_see_it(store):
    """The cache is no run, and `gc` leaves it."""
    cache_of(store).put(KEY, {"a": 1}, step="x")
    assert not len(store.runs())
    store.gc(older_than=0)
    assert cache_of(store).get(KEY) == {"a": 1}
