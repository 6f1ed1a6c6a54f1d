"""Tables that are no pandas frame: each form, and what becomes of its odd types."""

import datetime as dt
from collections import namedtuple
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from windu import WinduEstimator
from windu.io.frames import as_frame

N = 40
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(N, 2))
LETTERS = ["x", "y", "z", "y"] * (N // 4)
Y = ["no", "yes"] * (N // 2)
START = dt.datetime(2024, 1, 1)
TIMES = [START + dt.timedelta(hours=7 * i) for i in range(N)]
ROW = namedtuple("ROW", ["number", "letter"])


def gaps(values):
    """Return values with every fifth missing."""
    return [None if i % 5 == 0 else value for i, value in enumerate(values)]


#: A polars column and the kind that it must have.
POLARS = {
    "Categorical": (pl.Series(LETTERS, dtype=pl.Categorical), "categorical"),
    "Categorical, gaps": (
        pl.Series(gaps(LETTERS), dtype=pl.Categorical),
        "categorical",
    ),
    "Enum": (pl.Series(LETTERS, dtype=pl.Enum(["z", "y", "x"])), "categorical"),
    "Date": (pl.Series([time.date() for time in TIMES]), "datetime"),
    "Datetime": (pl.Series(gaps(TIMES), dtype=pl.Datetime("ns")), "datetime"),
    "Datetime, zone": (
        pl.Series(TIMES).dt.replace_time_zone("Europe/Oslo"),
        "datetime",
    ),
    "Time": (pl.Series([time.time() for time in TIMES]), "categorical"),
    "Duration": (pl.Series(gaps([t - START for t in TIMES])), "numeric"),
    "Decimal": (pl.Series(gaps([Decimal(i) / 4 for i in range(N)])), "numeric"),
    "List": (pl.Series([[i] for i in range(N)]), "unsupported"),
    "Struct": (pl.Series([{"a": i} for i in range(N)]), "unsupported"),
    "Binary": (pl.Series([b"a"] * N), "unsupported"),
    "Null": (pl.Series([None] * N), "constant"),
    "Boolean, gaps": (pl.Series(gaps([x > 0 for x, _ in NUMBERS])), "boolean"),
    "Int64, gaps": (pl.Series(gaps(range(N))), "numeric"),
    "UInt64": (pl.Series(range(N), dtype=pl.UInt64), "numeric"),
    "Float32": (pl.Series(NUMBERS[:, 1], dtype=pl.Float32), "numeric"),
}
#: The oldest polars does not have them.
WIDE = getattr(pl, "Int128", None)
if WIDE is not None:
    POLARS["Int128"] = (pl.Series(gaps(range(N)), dtype=WIDE), "numeric")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", POLARS)
def test_every_polars_type(dtype):
    """It has its kind; rows, no rows, dicts and a pandas frame predict the same."""
    values, kind = POLARS[dtype]
    table = pl.DataFrame({"odd": values, "number": NUMBERS[:, 0]})
    est = WinduEstimator("linear").fit(table, Y)
    known = est.schema_.columns["odd"].metadata["windu"]
    assert known["kind"] == kind
    assert est.validate(table).to_frame().empty
    expected = est.predict_proba(table)
    np.testing.assert_array_equal(est.predict_proba(as_frame(table)), expected)
    np.testing.assert_array_equal(est.predict_proba(table.to_dicts()), expected)
    np.testing.assert_allclose(est.predict_proba(table[:1]), expected[:1], rtol=1e-9)
    assert est.predict_proba(table[:0]).shape == (0, 2)
    assert est.validate(table[:0]).to_frame().empty


@pytest.mark.skipif(WIDE is None, reason="this polars has no integers of 128 bits")
def test_integers_of_128_bits_keep_their_place():
    """Also where there is nothing else; arrow does not have them."""
    wide = pl.Series("b", [2**100, None], dtype=WIDE)
    table = pl.DataFrame([pl.Series("a", [1, 2]), wide, pl.Series("c", ["x", "y"])])
    frame = as_frame(table)
    assert frame.columns.tolist() == ["a", "b", "c"]
    assert frame["b"].tolist() == [2**100, None]
    assert as_frame(table[["b"]]).shape == (2, 1)


@pytest.mark.parametrize("method", ["predict", "validate"])
def test_a_lazy_frame_must_be_collected(method):
    """At fit and later, with the way out."""
    table = pl.DataFrame({"number": NUMBERS[:, 0]})
    est = WinduEstimator("linear").fit(table, Y)
    with pytest.raises(TypeError, match=r"pass X\.collect\(\)"):
        WinduEstimator("linear").fit(table.lazy(), Y)
    with pytest.raises(TypeError, match=r"pass X\.collect\(\)"):
        getattr(est, method)(table.lazy())


#: Forms of one array, and of one table of a number and a letter.
ARRAYS = {
    "Fortran order": np.asfortranarray,
    "big-endian": lambda X: X.astype(">f8"),
    "masked nowhere": np.ma.masked_array,
    "long double": lambda X: X.astype(np.longdouble),
    "objects": lambda X: X.astype(object),
    "rows": np.ndarray.tolist,
    "every second row": lambda X: np.repeat(X, 2, axis=0)[::2],
}
MIXED = pd.DataFrame({"number": NUMBERS[:, 0], "letter": LETTERS})
TABLES = {
    "records": lambda X: X.to_records(index=False),
    "structured": lambda X: X.to_records(index=False).view(np.ndarray),
    "masked records": lambda X: np.ma.masked_array(X.to_records(index=False)),
    "arrow": lambda X: pa.Table.from_pandas(X, preserve_index=False),
    "record batch": lambda X: pa.RecordBatch.from_pandas(X, preserve_index=False),
    "dict of lists": lambda X: X.to_dict("list"),
    "dict of polars columns": lambda X: dict(pl.from_pandas(X).to_dict()),
    "dict of arrow columns": lambda X: {n: pa.array(X[n]) for n in X},
    "dict of categories": lambda X: {
        "number": pd.Index(X["number"]),
        "letter": pd.Categorical(X["letter"]),
    },
}


@pytest.mark.parametrize("form", ARRAYS)
def test_every_array(form):
    """The same numbers give the same predictions, at fit and later."""
    X = ARRAYS[form](NUMBERS)
    est = WinduEstimator("linear").fit(NUMBERS, Y)
    expected = est.predict_proba(NUMBERS)
    np.testing.assert_array_equal(est.predict_proba(X), expected)
    other = WinduEstimator("linear").fit(X, Y)
    np.testing.assert_allclose(other.predict_proba(NUMBERS), expected)


def test_arrays_that_must_not_be_written(tmp_path):
    """Read-only memory, and a file that is mapped."""
    est = WinduEstimator("linear").fit(NUMBERS, Y)
    np.save(tmp_path / "X.npy", NUMBERS)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    locked = NUMBERS.copy()
    locked.setflags(write=False)
    for X in (mapped, locked):
        other = WinduEstimator("linear").fit(X, Y)
        np.testing.assert_array_equal(other.predict(X), est.predict(NUMBERS))


@pytest.mark.parametrize("form", TABLES)
def test_every_named_table(form):
    """Columns have their names, whatever holds them."""
    est = WinduEstimator("linear").fit(TABLES[form](MIXED), Y)
    assert est.feature_names_in_.tolist() == ["number", "letter"]
    np.testing.assert_array_equal(
        est.predict_proba(TABLES[form](MIXED[["letter", "number"]])),
        est.predict_proba(MIXED),
    )


@pytest.mark.parametrize(
    ("values", "hidden", "expected"),
    [
        ([[1.5], [2.5]], [[True], [False]], [np.nan, 2.5]),
        ([[1], [2]], [[True], [False]], [np.nan, 2]),
        ([["x"], ["y"]], [[False], [True]], ["x", np.nan]),
        ([[True], [False]], [[False], [True]], [True, np.nan]),
    ],
)
def test_what_is_masked_is_missing(values, hidden, expected):
    """The value behind a mask is not to be seen."""
    frame = as_frame(np.ma.masked_array(values, mask=hidden))
    pd.testing.assert_series_equal(
        frame["x0"].astype(object), pd.Series(expected, name="x0", dtype=object)
    )


def test_rows_that_mix_texts_and_numbers():
    """numpy would make texts of all of them, also of what is missing."""
    rows = [[1.5, "x"], [np.nan, "y"], [2.5, np.nan]]
    frame = as_frame(rows)
    assert frame["x0"].dtype == "float64"
    assert frame.isna().sum().tolist() == [1, 1]
    assert as_frame([ROW(1, "x"), ROW(2, "y")])["x0"].tolist() == [1, 2]


def test_bytes_are_unsupported():
    """As bytes in a frame are: they may be anything."""
    table = np.rec.fromarrays([NUMBERS[:, 0], np.array([b"x", b"y"] * (N // 2))])
    est = WinduEstimator("linear").fit(table, Y)
    assert est.feature_report_["kind"].tolist() == ["numeric", "unsupported"]
    texts = np.array([[b"x", b"y"]] * N)
    with pytest.raises(ValueError, match="values of type bytes"):
        WinduEstimator("linear").fit(texts, Y)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((4, 2, 2)), "dim 3"),
        (np.zeros(4), "1D array"),
        (np.zeros((4, 2), dtype=[("a", float)]), "must have one dimension. Got 2"),
        (np.zeros((4, 2)) * 1j, "Complex data not supported"),
        (pl.Series([1.0, 2.0]), "1D array"),
        ([[1.0], [1.0, 2.0]], "inhomogeneous"),
    ],
)
def test_what_is_no_table(X, message):
    """Shapes and types without columns of values."""
    with pytest.raises(ValueError, match=message):
        as_frame(X)
    with pytest.raises(TypeError, match="raw memory"):
        as_frame(np.zeros((4, 2), dtype="V4"))
