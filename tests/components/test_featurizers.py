"""AutoFeaturizer: what is made of each kind of column."""

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_ugly
from windu import AutoFeaturizer, WinduEstimator
from windu.exceptions import FeatureError, SchemaError

X, Y = make_ugly()


def test_actions_are_told():
    """One row a column: kind, what was done, why."""
    report = AutoFeaturizer().fit(X).report_.set_index("column")
    assert report["action"].to_dict() == {
        "city": "kept",
        "amount": "kept",
        "visits": "kept",
        "when": "to date parts and elapsed days",
        "signed": "to date parts and elapsed days",
        "flag": "kept",
        "note": "kept",
        "agent": "kept",
        "uid": "dropped",
        "fixed": "dropped",
        "price": "to number",
    }


def test_dates_become_parts():
    """Also of texts, with a time of day where there is one."""
    when = pd.Series(["2024-02-29 06:30:00", "2024-03-01 00:00:00", None] * 10)
    features = AutoFeaturizer().fit_transform(pd.DataFrame({"when": when}))
    assert features.iloc[0].to_dict() == {
        "when_year": 2024,
        "when_month": 2,
        "when_day": 29,
        "when_day_of_week": 3,
        "when_day_of_year": 60,
        "when_hour": 6.5,
        "when_elapsed": 0,
    }
    assert features["when_elapsed"].iloc[1] == 17.5 / 24
    assert features.iloc[2].isna().all()


def test_time_zones_are_one_clock():
    """The same moment gives the same features in every zone."""
    utc = pd.DataFrame({"t": pd.date_range("2024", periods=9, freq="7h", tz="UTC")})
    featurizer = AutoFeaturizer().fit(utc)
    oslo = utc.assign(t=utc["t"].dt.tz_convert("Europe/Oslo"))
    pd.testing.assert_frame_equal(featurizer.transform(oslo), featurizer.transform(utc))


def test_one_row_is_the_row_of_the_table():
    """Features of a row do not depend on its neighbours."""
    featurizer = AutoFeaturizer().fit(X)
    whole = featurizer.transform(X)
    for row in (0, 3, 7, 11):
        alone = featurizer.transform(X.iloc[[row]])
        pd.testing.assert_frame_equal(alone, whole.iloc[[row]])


def test_index_is_kept():
    """Rows keep their names."""
    named = X.set_axis([f"r{i}" for i in X.index])
    assert AutoFeaturizer().fit_transform(named).index.equals(named.index)


def test_nothing_left_is_an_error():
    """With the reason for each column."""
    frame = pd.DataFrame({"a": ["x"] * 40, "id": [f"k{i}" for i in range(40)]})
    with pytest.raises(FeatureError, match="'a' is constant.*'id' is identifier"):
        AutoFeaturizer().fit(frame)


def test_missing_columns_and_changed_meaning():
    """It checks tables by itself, also outside the estimator."""
    featurizer = AutoFeaturizer().fit(X)
    with pytest.raises(SchemaError, match="Missing: 'city'"):
        featurizer.transform(X.drop(columns="city"))


def test_texts_are_objects_and_numbers_floats():
    """Two dtypes only, whatever came in."""
    dtypes = set(map(str, AutoFeaturizer().fit_transform(X).dtypes))
    assert dtypes == {"float64", "object"}


def test_polars_output():
    """set_output works as for every transformer of scikit-learn."""
    table = AutoFeaturizer().set_output(transform="polars").fit_transform(X)
    assert table.columns[0] == "city"
    assert np.isclose(table["amount"][1], X["amount"][1])


def test_lengths_of_texts():
    """Characters and words, where a table has no column of these names."""
    notes = ["late again", "paid", None, "not paid at all"] * 20
    agents = [f"agent {i}" for i in range(79)] + [None]
    frame = pd.DataFrame({"note": notes, "agent": agents, "agent_words": range(80)})
    plain, with_lengths = AutoFeaturizer(), AutoFeaturizer(text_lengths=True)
    before = plain.fit_transform(frame)
    features = with_lengths.fit_transform(frame)
    added = [name for name in features.columns if name not in before.columns]
    assert set(added) <= {
        *("note_characters", "note_words", "agent_characters", "agent_words_")
    }
    pd.testing.assert_frame_equal(features[before.columns], before)
    assert features["agent_characters"].iloc[[0, 10, 79]].tolist()[:2] == [7, 8]
    # A missing text counts as an empty one.
    assert features["agent_characters"].iloc[79] == 0
    assert features["agent_words_"].iloc[0] == 2
    one = with_lengths.transform(frame.iloc[[10]])
    pd.testing.assert_frame_equal(one, features.iloc[[10]])


def test_lengths_in_an_estimator():
    """They are numbers to the transformer, for a table and for one row."""
    est = WinduEstimator("linear", featurizer=AutoFeaturizer(text_lengths=True))
    est.fit(X, Y)
    assert "agent_characters" in est.feature_schema_.columns
    assert est.predict_proba(X.head(1)) == pytest.approx(est.predict_proba(X)[:1])
