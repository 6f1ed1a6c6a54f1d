"""Columns of every kind that a table may have, drawn from a seed."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
]
FAR = [
    *(dt.date(1, 1, 1), dt.date(1500, 3, 4), dt.date(2020, 1, 2)),
    *(dt.date(2021, 5, 6), dt.date(9999, 12, 31)),
]
START = pd.Timestamp("2021-03-04 05:06:07")


def _gaps(rng, values, missing=None):
    """Return values with some missing."""
    return [missing if rng.random() < 0.2 else value for value in values]


def _choice(rng, n, values):
    return [values[i] for i in rng.integers(0, len(values), n)]


def _days(rng, n):
    return START.normalize() + pd.to_timedelta(rng.integers(0, 900, n), unit="D")


def _times(rng, n):
    return START + pd.to_timedelta(rng.integers(0, 10**9, n), unit="ms")


KINDS = {
    "float64": lambda rng, n: pd.Series(rng.normal(size=n)),
    "float64, missing": lambda rng, n: pd.Series(
        _gaps(rng, rng.normal(size=n), np.nan)
    ),
    "float64, whole": lambda rng, n: pd.Series(rng.integers(0, 9, n).astype(float)),
    "float32": lambda rng, n: pd.Series(rng.normal(size=n).astype("float32")),
    "float64, small and large": lambda rng, n: pd.Series(
        rng.normal(size=n) * 10.0 ** rng.integers(-12, 12, n)
    ),
    "int64": lambda rng, n: pd.Series(rng.integers(-50, 50, n)),
    "int8": lambda rng, n: pd.Series(rng.integers(0, 9, n).astype("int8")),
    "uint16": lambda rng, n: pd.Series(rng.integers(0, 900, n).astype("uint16")),
    "Int64, missing": lambda rng, n: pd.Series(
        _gaps(rng, rng.integers(0, 99, n).tolist()), dtype="Int64"
    ),
    "Float64, missing": lambda rng, n: pd.Series(
        _gaps(rng, rng.normal(size=n).tolist()), dtype="Float64"
    ),
    "bool": lambda rng, n: pd.Series(rng.random(n) < 0.5),
    "bool, missing": lambda rng, n: pd.Series(
        _gaps(rng, (rng.random(n) < 0.5).tolist()), dtype=object
    ),
    "boolean": lambda rng, n: pd.Series(
        _gaps(rng, (rng.random(n) < 0.5).tolist()), dtype="boolean"
    ),
    "texts": lambda rng, n: pd.Series(_choice(rng, n, WORDS), dtype="str"),
    "texts, missing": lambda rng, n: pd.Series(_gaps(rng, _choice(rng, n, WORDS))),
    "string": lambda rng, n: pd.Series(
        _gaps(rng, _choice(rng, n, WORDS)), dtype="string"
    ),
    "Arrow texts": lambda rng, n: pd.Series(
        _gaps(rng, _choice(rng, n, WORDS)), dtype=pd.ArrowDtype(pa.string())
    ),
    "texts as objects": lambda rng, n: pd.Series(
        _gaps(rng, _choice(rng, n, WORDS)), dtype=object
    ),
    "texts, empty": lambda rng, n: pd.Series(_gaps(rng, _choice(rng, n, WORDS), "")),
    "texts like missing": lambda rng, n: pd.Series(
        _choice(rng, n, ["NA", "null", "None", "nan", "x"]), dtype="str"
    ),
    "texts with signs": lambda rng, n: pd.Series(
        _choice(rng, n, ["a,b", 'c"d', "e;f", " g ", "h\nij", "ü", "True", "1"])
    ),
    "category": lambda rng, n: pd.Series(
        pd.Categorical(_gaps(rng, _choice(rng, n, WORDS[:5])), categories=WORDS[:7])
    ),
    "category, ordered": lambda rng, n: pd.Series(
        pd.Categorical(_choice(rng, n, list("abc")), list("cab"), ordered=True)
    ),
    "category of numbers": lambda rng, n: pd.Series(
        pd.Categorical(_choice(rng, n, [3, 1, 2]), [3, 1, 2])
    ),
    "category of intervals": lambda rng, n: pd.Series(
        pd.cut(rng.random(n), [0, 0.25, 0.5, 1.0])
    ),
    "intervals": lambda rng, n: pd.Series(
        pd.arrays.IntervalArray.from_tuples(_choice(rng, n, [(0, 1), (1, 2), (2, 5)]))
    ),
    "periods": lambda rng, n: pd.Series(pd.PeriodIndex(_days(rng, n), freq="M")),
    "codes with zeros": lambda rng, n: pd.Series(
        [f"{i:04d}" for i in rng.integers(0, 60, n)]
    ),
    "codes with zeros and letters": lambda rng, n: pd.Series(
        _choice(rng, n, ["007", "7", "07A", "A07"])
    ),
    "codes of 20 digits": lambda rng, n: pd.Series(
        [f"100000000000000000{i:02d}" for i in rng.integers(0, 30, n)]
    ),
    "uint64": lambda rng, n: pd.Series(
        np.uint64(2**64 - 1) - 2 * rng.integers(0, 30, n).astype("uint64")
    ),
    "int64 near its end": lambda rng, n: pd.Series(
        2**63 - 1 - rng.integers(0, 30, n).astype("int64")
    ),
    "long integers, missing": lambda rng, n: pd.Series(
        _gaps(rng, [2**60 + int(i) for i in rng.integers(0, 30, n)]), dtype="Int64"
    ),
    "numbers as texts": lambda rng, n: pd.Series(
        [f"{x:.3f}" for x in rng.normal(size=n)]
    ),
    "numbers as texts, missing": lambda rng, n: pd.Series(
        _gaps(rng, [f"{x:.2f}" for x in rng.normal(size=n)], "-")
    ),
    "percent": lambda rng, n: pd.Series([f"{x:.1f}%" for x in rng.random(n) * 100]),
    "amounts": lambda rng, n: pd.Series([f"${x:,.2f}" for x in rng.random(n) * 1e5]),
    "datetimes": lambda rng, n: pd.Series(_times(rng, n)),
    "datetimes, missing": lambda rng, n: pd.Series(
        _gaps(rng, list(_times(rng, n)), pd.NaT), dtype="datetime64[us]"
    ),
    "days": lambda rng, n: pd.Series(_days(rng, n)).astype("datetime64[s]"),
    "datetimes with zone": lambda rng, n: pd.Series(
        _times(rng, n).tz_localize("UTC").tz_convert("America/New_York")
    ),
    "date objects": lambda rng, n: pd.Series(
        _gaps(rng, [day.date() for day in _days(rng, n)]), dtype=object
    ),
    "far dates": lambda rng, n: pd.Series(_choice(rng, n, FAR), dtype=object),
    "dates as texts": lambda rng, n: pd.Series(_days(rng, n).strftime("%Y-%m-%d")),
    "dates as texts, day first": lambda rng, n: pd.Series(
        [*_days(rng, n - 1).strftime("%d/%m/%Y"), "31/12/2021"]
    ),
    "moments as texts": lambda rng, n: pd.Series(
        _times(rng, n).strftime("%Y-%m-%dT%H:%M:%S")
    ),
    "durations": lambda rng, n: pd.Series(
        pd.to_timedelta(rng.integers(0, 10**6, n), unit="s")
    ),
    "decimals": lambda rng, n: pd.Series(
        _gaps(rng, [Decimal(int(i)) / 8 for i in rng.integers(0, 99, n)]), dtype=object
    ),
    "times of day": lambda rng, n: pd.Series(
        _choice(rng, n, [dt.time(1, 2), dt.time(13, 30), dt.time(23, 59, 58)]),
        dtype=object,
    ),
    "floats and texts": lambda rng, n: pd.Series(
        _choice(rng, n, [0.5, 1.25, "n/a", "<0.1"]), dtype=object
    ),
    "booleans and texts": lambda rng, n: pd.Series(
        _choice(rng, n, [True, False, "maybe"]), dtype=object
    ),
    "integers and texts": lambda rng, n: pd.Series(
        _choice(rng, n, [1, 22, "other"]), dtype=object
    ),
    "free texts": lambda rng, n: pd.Series(
        [" ".join(_choice(rng, 4, WORDS)) for _ in range(n)]
    ),
    "many levels": lambda rng, n: pd.Series(
        [f"level{i}" for i in rng.integers(0, 70, n)]
    ),
    "constant": lambda rng, n: pd.Series(["same"] * n),
    "identifier": lambda rng, n: pd.Series([f"row{i}" for i in range(n)]),
    "all missing": lambda rng, n: pd.Series([None] * n, dtype=object),
    "lists": lambda rng, n: pd.Series([[int(i)] for i in range(n)], dtype=object),
}


def draw_table(kinds, seed, n_rows):
    """Return a table with a column of each kind; another seed, other rows."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({kind: KINDS[kind](rng, n_rows) for kind in kinds})
