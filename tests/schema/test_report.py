"""validate: all differences in one table, as frame, text and HTML, and drift."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator
from windu.exceptions import DataWarning, SchemaError

X, Y = make_ugly(n_rows=400)


@pytest.fixture(scope="module")
def fitted():
    return WinduEstimator("linear").fit(X, Y)


def test_the_training_table_has_no_difference(fitted):
    """And no drift to speak of."""
    report = fitted.validate(X)
    assert report.ok
    assert report.to_frame().empty
    assert max(report.drift.values()) < 0.05


def test_it_never_stops_at_the_first_problem(fitted):
    """The error of predict and the report of validate are the same."""
    bad = X.drop(columns="city").assign(visits="x", flag=3, more=1)
    report = fitted.validate(bad)
    assert report.to_frame()["column"].tolist().count("city") == 1
    assert {d.column for d in report.errors} == {"city", "visits", "flag"}
    assert "more" in report.to_frame()["column"].tolist()
    assert not {"city", "visits", "flag"} & set(report.drift)
    with pytest.raises(SchemaError) as caught:
        fitted.predict(bad)
    assert [d.message for d in caught.value.report.errors] == [
        d.message for d in report.errors
    ]
    with pytest.raises(SchemaError, match="'visits' must be numeric"):
        report.raise_for_errors()


def test_messages_have_one_form(fitted):
    """What must hold, what was got with the first row and value, what to do."""
    values = X["visits"].astype(object).where(X.index != 7, "n.a.")
    text = str(fitted.validate(X.assign(visits=values)))
    assert "'visits' must be numeric. Got text in 1 of 400 rows" in text
    assert "first 'n.a.' at row 7." in text


def test_html_is_escaped(fitted):
    """A value of the table is no markup."""
    html = fitted.validate(X.assign(visits="<script>"))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_drift_tells_a_shifted_column_from_one_that_stayed(fitted):
    """Numbers, levels, dates and missing values."""
    moved = X.assign(
        amount=X["amount"] + 5, city="Rome", when=X["when"] + pd.Timedelta(days=900)
    )
    drift = fitted.validate(moved).drift
    assert min(drift["amount"], drift["city"], drift["when"]) > 0.4
    assert drift["visits"] < 0.05
    gone = fitted.validate(X.assign(visits=np.nan)).drift
    assert gone["visits"] == pytest.approx(1.0)
    assert "amount" not in fitted.validate(X.head(5)).drift


def test_features_can_be_compared_as_well(fitted):
    """The schema of what the featurizer gives, on demand."""
    later = X.assign(when=X["when"] + pd.Timedelta(days=9000))
    found = fitted.validate(later, features=True).to_frame()
    assert "when_year" in found["column"].tolist()


def test_six_hundred_columns_all_renamed():
    """One error, short, with all names in the report."""
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 600)))
    wide.columns = [f"column{i}" for i in range(600)]
    est = WinduEstimator("linear", transformer=None).fit(wide, [0, 1] * 20)
    with pytest.raises(SchemaError, match="and 580 more") as caught:
        est.predict(wide.add_prefix("new_"))
    assert len(caught.value.report.errors) == 600


@pytest.mark.slow
def test_every_name_written_otherwise_has_a_hint():
    """Case, spaces, punctuation and accents, for any number of columns."""
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 600)))
    wide.columns = [f"Maß {i} (Größe)" for i in range(600)]
    est = WinduEstimator("linear", transformer=None).fit(wide, [0, 1] * 20)
    found = est.validate(wide.rename(columns=lambda name: f"mass_{name[4:-8]}_grosse"))
    missing = found.to_frame().query("difference == 'missing'")
    assert missing["hint"].tolist() == [
        f"Did you mean 'mass_{i}_grosse'?" for i in range(600)
    ]


def test_duplicate_names_are_reported_with_the_rest(fitted):
    """The first column of a name stands for it; validate raises nothing."""
    twice = pd.concat([X.assign(visits="x"), X[["city"]]], axis=1).drop(columns="flag")
    report = fitted.validate(twice)
    assert [(d.difference, d.column) for d in report.errors] == [
        ("duplicate", "city"),
        ("missing", "flag"),
        ("meaning", "visits"),
    ]
    with pytest.raises(SchemaError, match="'city' must be there once. Got 2 of this"):
        fitted.predict(twice)
    with pytest.raises(SchemaError, match="'city' more than once") as caught:
        WinduEstimator("linear").fit(twice, Y)
    assert [d.difference for d in caught.value.report.errors] == ["duplicate"]


def test_a_column_in_the_index_is_told(fitted):
    """What set_index hides is the most common missing column."""
    found = fitted.validate(X.set_index("city")).to_frame()
    assert "reset_index" in found.loc[0, "hint"]


def test_texts_for_no_value_are_missing_values(fitted):
    """A table that comes back from CSV has not drifted."""
    read = X.assign(price=X["price"].where(X["price"] != "n/a"))
    assert fitted.validate(read).to_frame().empty
    assert fitted.validate(read).drift["price"] < 0.05
    gone = fitted.validate(X.assign(price="n/a"))
    assert gone.drift["price"] == pytest.approx(1.0, abs=0.1)


def test_no_value_has_no_type():
    """A missing cell of one row is not a column of another dtype."""
    est = WinduEstimator("linear", schema={"dtype": "raise"}).fit(X, Y)
    for empty in (X.head(1).assign(city=None, amount=None), X.head(0).astype(object)):
        assert "dtype" not in set(est.validate(empty).to_frame()["difference"])


@pytest.mark.slow
def test_a_million_rows_with_one_bad_cell():
    """The cell is found and named."""
    table = pd.DataFrame({"a": np.arange(1_000_000.0), "b": 1.5})
    table.loc[0, "b"] = 2
    est = WinduEstimator("linear").fit(table.head(1000), [0, 1] * 500)
    bad = table.astype({"a": object})
    bad.loc[765_432, "a"] = "oops"
    with pytest.raises(
        SchemaError, match=r"1 of 1000000 rows, first 'oops' at row 765432"
    ):
        est.predict(bad)


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.assign(visits=[[1]] * len(X)),
        lambda X: X.assign(city=[1, "a", None, 2.5] * (len(X) // 4)),
        lambda X: X.assign(when=X["when"].dt.tz_localize("Europe/Oslo")),
        lambda X: X.assign(city=pd.Categorical(X["city"], ["Oslo", "Rome", "Bern"])),
        lambda X: X.set_axis(pd.MultiIndex.from_arrays([X.index, X.index])),
    ],
)
def test_hard_tables_are_compared(change, fitted):
    """Lists, mixtures, time zones, other orders of categories, a MultiIndex."""
    report = fitted.validate(change(X))
    assert isinstance(str(report), str)
    if report.ok:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            assert len(fitted.predict(change(X))) == len(X)
