"""The kind of a column, and why."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from windu.schema.inference import infer_column, infer_table

RNG = np.random.default_rng(0)
N = 200
WORDS = ["oil", "paint", "on", "canvas", "ink", "paper", "print", "wood"]

CASES = {
    "floats": (RNG.normal(size=N), "numeric"),
    "floats with missing": (np.where(RNG.random(N) > 0.5, np.nan, 1.5), "numeric"),
    "codes": (RNG.integers(0, 5, N), "numeric"),
    "nullable": (pd.array([1, None] * 100, dtype="Int64"), "numeric"),
    "decimals": ([decimal.Decimal("1.5"), decimal.Decimal(2)] * 100, "numeric"),
    "durations": (pd.to_timedelta(range(N), unit="h"), "numeric"),
    "numbers as texts": ([f"{x:.3f}" for x in RNG.normal(size=N)], "numeric"),
    "numbers as texts with n/a": (["1.5", "n/a", "", "-3"] * 50, "numeric"),
    "numbers as categories": (pd.Categorical([1, 2] * 100), "numeric"),
    "leading zeros": ([f"{i % 30:03d}" for i in range(N)], "categorical"),
    "booleans": (RNG.random(N) > 0.5, "boolean"),
    "booleans with missing": ([True, None, False, True] * 50, "boolean"),
    "levels": (["a", "b", None, "b"] * 50, "categorical"),
    "one level and missing": (["a", None] * 100, "categorical"),
    "pandas categories": (pd.Categorical(["a", "b"] * 100), "categorical"),
    "texts and numbers": ([1, "a"] * 100, "categorical"),
    "levels of two words": (["dark red", "light blue"] * 100, "categorical"),
    "many levels": ([f"tail{i % 60}" for i in range(N)], "high-cardinality"),
    "names that repeat": ([f"agent {i % 60}" for i in range(N)], "high-cardinality"),
    "sentences": ([f"{' '.join(RNG.choice(WORDS, 6))} {i}" for i in range(N)], "text"),
    "identifiers": ([f"K{i}" for i in range(N)], "identifier"),
    "datetimes": (pd.date_range("2020-01-01", periods=N), "datetime"),
    "with a time zone": (
        pd.date_range("2020", periods=N, tz="Europe/Oslo"),
        "datetime",
    ),
    "date objects": ([dt.date(2020, 1, 1 + i % 28) for i in range(N)], "datetime"),
    "iso dates": (pd.date_range("2020", periods=N).strftime("%Y-%m-%d"), "datetime"),
    "day first": (pd.date_range("2020", periods=N).strftime("%d.%m.%Y"), "datetime"),
    "month first": (pd.date_range("2020", periods=N).strftime("%m/%d/%Y"), "datetime"),
    "compact": (pd.date_range("2020", periods=N).strftime("%Y%m%d"), "datetime"),
    "names of months": (
        pd.date_range("2020", periods=N).strftime("%d %b %Y"),
        "datetime",
    ),
    "dates with missing": (["2020-01-31", "", "2020-02-01", None] * 50, "datetime"),
    "ranges": (["10-20", "20-30"] * 100, "categorical"),
    "years as texts": (["1999", "2004"] * 100, "numeric"),
    "always one number": (np.ones(N), "constant"),
    "always one text": (["a"] * N, "constant"),
    "nothing": ([None] * N, "constant"),
    "no whole number": (pd.array([None] * N, dtype="Int64"), "constant"),
    "not a number": (np.full(N, np.nan), "constant"),
    "lists": ([[1], [2]] * 100, "unsupported"),
    "bytes": ([b"1", b"2"] * 100, "unsupported"),
}


@pytest.mark.parametrize("name", CASES)
def test_kind(name):
    """Each kind of column is told by its values; the reason is said."""
    values, kind = CASES[name]
    column = infer_column(pd.Series(values, name="x"))
    assert column.kind == kind, column.why
    assert column.why


@pytest.mark.parametrize(
    "name", ["id", "user_id", "userId", "customerID", "Unnamed: 0", "index", "rownames"]
)
def test_numbers_of_rows_by_name(name):
    """A column that numbers the rows is told by its name and its values."""
    assert infer_column(pd.Series(range(N), name=name)).kind == "identifier"
    assert infer_column(pd.Series([1, 1, 2, 3], name=name)).kind == "numeric"


@pytest.mark.parametrize("name", ["paid", "width", "grid", "month", "age", 0])
def test_other_names_are_no_identifiers(name):
    """Numbers that differ row by row are still numbers."""
    assert infer_column(pd.Series(range(N), name=name)).kind == "numeric"


def test_what_is_kept_of_a_column():
    """Range, levels from frequent to rare, date format, time of day."""
    frame = pd.DataFrame(
        {
            "n": [1.5, 2.5, None],
            "c": ["b", "b", "a"],
            "d": ["2020-01-01 10:00:00", "2020-01-02 00:00:00", None],
        }
    )
    n, c, d = infer_table(frame).columns
    assert (n.minimum, n.maximum, n.nullable) == (1.5, 2.5, True)
    assert c.levels == ["b", "a"]
    assert d.date_format == "%Y-%m-%d %H:%M:%S"
    assert d.has_time
    assert d.minimum == "2020-01-01T10:00:00"
