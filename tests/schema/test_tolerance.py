"""The table of differences: each kind, its default, and what else can be chosen."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator, infer_schema
from windu.exceptions import SchemaError, WinduWarning
from windu.schema.columns import DIFFERENCES

X, Y = make_ugly()


def changed(**columns):
    return X.assign(**columns)


#: A table that shows each kind of difference, and the column it is in.
TABLES = {
    "order": (X[X.columns[::-1]], None),
    "extra": (changed(more=1), "more"),
    "missing": (X.drop(columns="visits"), "visits"),
    "duplicate": (pd.concat([X, X[["city"]]], axis=1), "city"),
    "dtype": (changed(visits=X["visits"].astype("int8")), "visits"),
    "meaning": (changed(visits="many"), "visits"),
    "infinite": (changed(amount=np.where(X.index == 5, np.inf, 0.0)), "amount"),
    "null": (changed(visits=X["visits"].where(X.index != 4)), "visits"),
    "level": (changed(city=np.where(X.index == 3, "Atlantis", "Rome")), "city"),
    "range": (changed(visits=np.where(X.index == 2, 99, 1)), "visits"),
    "unknown": (changed(city="Atlantis"), "city"),
    "zone": (changed(when=X["when"].dt.tz_localize("Europe/Oslo")), "when"),
}


@pytest.fixture(scope="module")
def fitted():
    return WinduEstimator("linear").fit(X, Y)


def test_every_kind_has_a_table():
    """The table of kinds is the table of cases; two have tests of their own."""
    assert {*TABLES, "check", "width"} == set(DIFFERENCES)


@pytest.mark.parametrize("kind", TABLES)
def test_validate_lists_every_kind(kind, fitted):
    """With column, action, number of rows and the first row."""
    table, column = TABLES[kind]
    report = fitted.validate(table)
    rows = report.to_frame().query("difference == @kind")
    assert len(rows) == 1
    row = rows.iloc[0]
    assert column is None or row["column"] == column
    assert row["action"] == DIFFERENCES[kind].default
    if kind in ("infinite", "null", "level", "range"):
        assert row["n_rows"] == 1
        assert (
            row["first_row"] == {"infinite": 5, "null": 4, "level": 3, "range": 2}[kind]
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("action", ["ignore", "cast", "warn", "raise"])
def test_every_action_of_every_kind(kind, action):
    """For the estimator; what is not allowed is said."""
    table, _ = TABLES[kind]
    est = WinduEstimator("linear", schema={kind: action})
    if action not in DIFFERENCES[kind].allowed:
        with pytest.raises(SchemaError, match="must be one of"):
            est.fit(X, Y)
        return
    est.fit(X, Y)
    if action == "raise":
        with pytest.raises(SchemaError) as caught:
            est.predict(table)
        assert kind in [d.difference for d in caught.value.report.errors]
    elif action == "warn":
        with pytest.warns(WinduWarning, match=r"must|columns of training"):
            est.predict(table)
    else:
        assert len(est.predict(table)) == len(table)


def test_a_column_may_differ_from_the_table():
    """Tolerances stand in the schema and are read from it."""
    schema = infer_schema(X, tolerance={"level": "raise"})
    schema.columns["city"].metadata["windu"]["tolerance"] = {"level": "warn"}
    est = WinduEstimator("linear", schema=schema).fit(X, Y)
    with pytest.warns(WinduWarning, match="levels of training"):
        est.predict(TABLES["level"][0])
    kept = est.schema_.columns["city"].metadata["windu"]["tolerance"]
    assert kept == {"level": "warn"}
    assert est.schema_.metadata["windu"]["tolerance"] == {"level": "raise"}


@pytest.mark.parametrize(
    ("tolerance", "message"),
    [
        ({"levl": "warn"}, "Did you mean 'level'"),
        ({"level": "wrn"}, "Did you mean 'warn'"),
    ],
)
def test_misspelt_tolerances(tolerance, message):
    """A near miss gets a suggestion."""
    with pytest.raises(SchemaError, match=message):
        infer_schema(X, tolerance=tolerance)


def test_a_kind_can_be_given():
    """Codes that are numbers become levels where the schema says so."""
    schema = infer_schema(X)
    schema.columns["visits"].metadata["windu"]["kind"] = "categorical"
    est = WinduEstimator("linear", schema=schema).fit(X, Y)
    names = est.transformer_.get_feature_names_out()
    assert "categorical__visits_3" in names or "categorical__visits_3.0" in names


def test_a_handwritten_schema_with_checks():
    """Checks of a user's own decide at fit and at predict."""
    schema = pa.DataFrameSchema(
        {
            "amount": pa.Column(float, pa.Check.lt(50), nullable=True),
            "visits": pa.Column(int, pa.Check(lambda v: v < 1000, name="plausible")),
        }
    )
    table = X[["amount", "visits"]]
    est = WinduEstimator("linear", schema=schema).fit(table, Y)
    bad = table.assign(amount=np.where(X.index == 7, 60.0, 1.0), visits=5000)
    with pytest.raises(SchemaError, match="plausible") as caught:
        est.predict(bad)
    rows = caught.value.report.to_frame().set_index("column")
    assert rows.loc["amount", "first_row"] == 7
    assert rows.loc["visits", "n_rows"] == len(X)
    assert [d.difference for d in est.validate(bad).errors] == ["check", "check"]
    with pytest.raises(SchemaError, match="plausible"):
        WinduEstimator("linear", schema=schema).fit(bad, Y)


def test_a_data_frame_model():
    """pandera's class form."""

    class Visits(pa.DataFrameModel):
        visits: int = pa.Field(ge=0)

    est = WinduEstimator("linear", schema=Visits).fit(X[["visits"]], Y)
    with pytest.raises(SchemaError, match="greater_than_or_equal_to"):
        est.predict(X[["visits"]] - 5)


def test_schemas_that_are_none():
    """With what is accepted."""
    with pytest.raises(SchemaError, match="Did you mean 'infer'"):
        WinduEstimator(schema="infr").fit(X, Y)
