"""Dates of any type, resolution and year."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from windu import WinduEstimator, load, save
from windu.exceptions import DataWarning, SchemaError
from windu.schema.dates import has_zone, parse_dates, read_date_column, usable_dates
from windu.schema.inference import infer_column

ENDS = [
    dt.date(1, 1, 1),
    dt.date(1600, 2, 29),
    dt.date(2024, 5, 6),
    dt.date(9999, 12, 31),
]
N = 200
DAYS = pd.date_range("2024-01-01", periods=N)


@pytest.mark.parametrize(
    "values",
    [
        ENDS,
        [dt.datetime(day.year, day.month, day.day) for day in ENDS],
        [day.isoformat() for day in ENDS],
        np.array(ENDS, dtype="datetime64[s]"),
        pa.array(ENDS, pa.date32()).to_pandas(),
        pa.array(ENDS, pa.date64()).to_pandas(),
        pl.Series(ENDS).to_pandas(),
    ],
    ids=["dates", "datetimes", "texts", "seconds", "date32", "ms", "polars"],
)
def test_years_1_to_9999(values):
    """Every day of the calendar is read as what it is."""
    read = parse_dates(pd.Series(values), "ISO8601")
    assert read.dt.strftime("%d.%m").tolist() == ["01.01", "29.02", "06.05", "31.12"]
    assert read.dt.year.tolist() == [1, 1600, 2024, 9999]


def test_placeholders_are_missing():
    """The first and the last year of the calendar mean 'never'."""
    read = usable_dates(pd.Series(ENDS), None)
    assert read.isna().tolist() == [True, False, False, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    "placeholder", ["9999-12-31", "NaT", "0001-01-01", None, "n/a"]
)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_placeholder_goes_through_everything(placeholder, as_text, tmp_path):
    """Fit, validate, predict, one row, save and load; the column stays one of dates."""
    days = [day.date() for day in DAYS]
    if as_text:
        cells = [placeholder, *map(str, days[1:])]
    elif placeholder in ("9999-12-31", "0001-01-01"):
        cells = [dt.date.fromisoformat(placeholder), *days[1:]]
    else:
        cells = [None if placeholder is None else pd.NaT, *days[1:]]
    X = pd.DataFrame({"day": pd.Series(cells, dtype=object)})
    y = np.asarray(DAYS.day_of_week < 3)
    est = WinduEstimator("hist_gradient_boosting", random_state=0).fit(X, y)
    assert est.feature_report_["kind"].tolist() == ["datetime"]
    assert est.score(X, y) > 0.95
    assert est.validate(X).ok
    np.testing.assert_array_equal(est.predict(X.iloc[[0]]), est.predict(X)[:1])
    again = load(save(est, tmp_path / "days.windu"))
    np.testing.assert_array_equal(again.predict(X), est.predict(X))


@pytest.mark.parametrize("bad", ["soon", "2024-13-45"])
def test_one_bad_date_of_many(bad):
    """The column stays one of dates, the text is missing, and it is said."""
    X = pd.DataFrame({"day": [bad, *DAYS.strftime("%Y-%m-%d")[1:]]})
    with pytest.warns(DataWarning, match=f"holds dates, but for .*'{bad}'"):
        est = WinduEstimator("linear").fit(X, np.arange(N) % 2)
    assert est.feature_report_["kind"].tolist() == ["datetime"]
    est.predict(X)
    with pytest.raises(SchemaError, match="must be datetime like"):
        est.predict(pd.DataFrame({"day": ["never"]}))


@pytest.mark.parametrize("date_format", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"])
def test_day_and_month_that_cannot_be_told_apart(date_format):
    """A column of days up to the twelfth is never guessed in silence."""
    days = pd.DatetimeIndex(
        [f"2024-{m:02d}-{d:02d}" for m in range(1, 13) for d in (3, 9)]
    )
    X = pd.DataFrame({"day": days.strftime(date_format)})
    with pytest.warns(DataWarning, match="whose day and month cannot be told apart"):
        WinduEstimator("linear").fit(X, np.arange(len(X)) % 2)


def test_day_and_month_that_one_date_tells_apart():
    """One day above the twelfth is enough, and nothing is said."""
    reading = read_date_column(pd.Series(["03/04/2024", "05/06/2024", "31/12/2024"]))
    assert reading.format == "%d/%m/%Y"
    assert reading.note is None


@pytest.mark.parametrize("trained_zone", [None, "Europe/Oslo"])
def test_another_zone_is_said(trained_zone):
    """Local times where training had a zone, or the other way, move the hours."""
    times = pd.Series(pd.date_range("2024-01-01", periods=60, freq="7h"))
    zoned = times.dt.tz_localize("America/New_York")
    trained, new = (times, zoned) if trained_zone is None else (zoned, times)
    est = WinduEstimator("linear").fit(pd.DataFrame({"at": trained}), np.arange(60) % 2)
    for values in (new, new.astype("str")):
        with pytest.warns(DataWarning, match="'at' must hold times with"):
            est.predict(pd.DataFrame({"at": values}))
    est.set_params(schema={"zone": "ignore"})
    est.predict(pd.DataFrame({"at": trained}))


def test_times_with_and_without_a_zone():
    """A mixture is said at fit, and at predict nothing can differ from it."""
    times = list(pd.date_range("2024-01-01", periods=30, freq="7h"))
    mixture = times[:15] + [time.tz_localize("UTC") for time in times[15:]]
    X = pd.DataFrame({"at": pd.Series(mixture, dtype=object)})
    with pytest.warns(DataWarning, match="'at' holds times with and without"):
        est = WinduEstimator("linear").fit(X, np.arange(30) % 2)
    est.predict(X)


def test_zone_of_texts():
    """An offset behind a time is a zone, the last part of a day is none."""
    texts = ["2024-01-02T03:04:05+01:00", "2024-01-02 03:04Z", "2024-01-02", None]
    values = pd.Series(texts, dtype=object)
    assert has_zone(values).tolist() == [True, True, False, False]


def test_iso_texts_are_read_where_datetimes_were():
    """With and without a time, of every year."""
    X = pd.DataFrame({"day": DAYS})
    est = WinduEstimator("linear").fit(X, np.arange(N) % 2)
    texts = DAYS.strftime("%Y-%m-%dT%H:%M:%S")
    np.testing.assert_array_equal(
        est.predict_proba(pd.DataFrame({"day": texts})), est.predict_proba(X)
    )
    est.predict(pd.DataFrame({"day": ["0001-01-01", "9999-12-31", "NaT"]}))
    with pytest.raises(SchemaError, match="must be datetime"):
        est.predict(pd.DataFrame({"day": ["01/02/2024"]}))


def test_schema_of_far_dates():
    """A range beyond nanoseconds is stored, and compared."""
    column = infer_column(
        pd.Series([dt.date(900, 1, 1), dt.date(5000, 1, 1)], name="d")
    )
    assert column.minimum == "0900-01-01T00:00:00"
    assert column.span[0] < -390_000
