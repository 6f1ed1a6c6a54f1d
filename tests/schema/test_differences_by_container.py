"""Each row of the table of differences, on pandas, polars and numpy tables."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest

from windu import WinduEstimator, infer_schema
from windu.exceptions import SchemaError, WinduWarning
from windu.schema.columns import DIFFERENCES

N_ROWS = 48
NAMES = ["visits", "amount", "city", "when"]
X = pd.DataFrame(
    {
        "visits": np.arange(N_ROWS) % 7,
        "amount": np.arange(N_ROWS) / 8,
        "city": ["Rome", "Oslo", "Bern"] * (N_ROWS // 3),
        "when": pd.date_range("2020-01-01", periods=N_ROWS),
    }
)
Y = ["no", "yes"] * (N_ROWS // 2)


def as_polars(frame):
    """Return a polars frame; pyarrow asks pandas for zones in a way that will go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pl.from_pandas(frame)


#: The three containers; the array holds objects, since it has a column of each type.
CONTAINERS = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: as_polars(frame),
    "numpy": lambda frame: frame.to_numpy(dtype=object),
}
NAMED = [
    ("pandas", "pandas"),
    ("pandas", "polars"),
    ("polars", "pandas"),
    ("polars", "polars"),
]
BY_POSITION = [("numpy", "numpy"), ("pandas", "numpy"), ("polars", "numpy")]


def other(column, row, value):
    """Return the table with one other cell."""
    values = [value if i == row else v for i, v in enumerate(X[column])]
    return X.assign(**{column: values})


#: A table with this one difference, its column, and the containers that can show it.
TABLES = {
    "order": (X[X.columns[::-1]], None, NAMED),
    "extra": (X.assign(more=1), "more", NAMED),
    "missing": (X.drop(columns="amount"), "amount", NAMED),
    "duplicate": (
        pd.concat([X, X[["city"]]], axis=1),
        "city",
        [("pandas", "pandas"), ("polars", "pandas")],
    ),
    "width": (X.drop(columns="amount"), None, BY_POSITION),
    "dtype": (X.assign(visits=X["visits"] * 1.0), "visits", NAMED + BY_POSITION),
    "meaning": (X.assign(amount="many"), "amount", NAMED + BY_POSITION),
    "infinite": (other("amount", 5, np.inf), "amount", NAMED + BY_POSITION),
    "null": (other("amount", 4, np.nan), "amount", NAMED + BY_POSITION),
    "level": (other("city", 3, "Atlantis"), "city", NAMED + BY_POSITION),
    "unknown": (
        X.assign(city=X["city"].str.upper()),
        "city",
        NAMED + BY_POSITION,
    ),
    "zone": (
        X.assign(when=X["when"].dt.tz_localize("Europe/Oslo")),
        "when",
        NAMED + BY_POSITION,
    ),
    "range": (other("amount", 2, 99.0), "amount", NAMED + BY_POSITION),
    "check": (other("amount", 2, 3.3), "amount", NAMED + BY_POSITION),
}
#: These stand in no column of the schema.
OF_THE_TABLE = ("order", "extra", "duplicate", "width")
CASES = [(kind, *pair) for kind, (_, _, pairs) in TABLES.items() for pair in pairs]
CHOSEN = [
    (*case, action, place)
    for case in CASES
    for action in DIFFERENCES[case[0]].allowed
    for place in ("estimator", "column")
    if place == "estimator" or case[0] not in OF_THE_TABLE
]


def limited(schema, names):
    """Give a schema one check of a user's own."""
    return schema.update_column(names[1], checks=pa.Check.ne(3.3))


@cache
def fitted(container, action=None, place="estimator", own_check=False):
    """Return an estimator with one action for every kind that allows it."""
    table = CONTAINERS[container](X)
    names = [f"x{i}" for i in range(4)] if container == "numpy" else NAMES
    tolerance = {k: action for k, d in DIFFERENCES.items() if action in d.allowed}
    schema = infer_schema(table, tolerance=tolerance if place == "estimator" else {})
    if place == "column":
        for column in schema.columns.values():
            column.metadata["windu"]["tolerance"] = tolerance
    if own_check:
        schema = limited(schema, names)
    elif place == "estimator":
        schema = tolerance
    return WinduEstimator("linear", schema=schema).fit(table, Y)


def report_of(kind, fit_on, predict_on):
    """Return the report as a frame, with the names of a frame."""
    est = fitted(fit_on, own_check=kind == "check")
    found = est.validate(CONTAINERS[predict_on](TABLES[kind][0])).to_frame()
    names = {f"x{i}": name for i, name in enumerate(NAMES)}
    return found.assign(column=[names.get(name, name) for name in found["column"]])


def test_every_kind_has_a_table():
    """A new row of the table is tested on the day it comes."""
    assert set(TABLES) == set(DIFFERENCES)


# Columns without names are taken by position; that is said, and tested elsewhere.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(("kind", "fit_on", "predict_on"), CASES)
def test_the_report_does_not_depend_on_the_container(kind, fit_on, predict_on):
    """The same row, with the default action, to the last word."""
    found = report_of(kind, fit_on, predict_on)
    row = found[found["difference"] == kind].iloc[0]
    assert row["column"] == TABLES[kind][1]
    assert row["action"] == DIFFERENCES[kind].default
    first = TABLES[kind][2][0]
    pd.testing.assert_frame_equal(found, report_of(kind, *first))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("kind", "fit_on", "predict_on", "action", "place"),
    [*CHOSEN, *((*case, None, "estimator") for case in CASES)],
)
def test_the_verdict_does_not_depend_on_the_container(
    kind, fit_on, predict_on, action, place
):
    """What was chosen is done, for the estimator and for a column; or the default."""
    table = CONTAINERS[predict_on](TABLES[kind][0])
    est = fitted(fit_on, action, place, own_check=kind == "check")
    action = action or DIFFERENCES[kind].default
    if action == "raise":
        with pytest.raises(SchemaError) as caught:
            est.predict(table)
        assert kind in {d.difference for d in caught.value.report.errors}
    elif action == "warn":
        with pytest.warns(WinduWarning, match=r"must"):
            est.predict(table)
    else:
        assert len(est.predict(table)) == N_ROWS
