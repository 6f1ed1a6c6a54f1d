"""The schema as pandera sees it, as JSON, and as the check of a new table."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pydantic
import pytest

from tests.conftest import make_ugly
from windu import infer_schema
from windu.exceptions import SchemaError
from windu.schema.check import conform, conform_training
from windu.schema.columns import TableSchema
from windu.schema.inference import (
    choose_example,
    infer_table,
    pack_frame,
    unpack_frame,
)

X, _ = make_ugly()


def test_infer_schema_is_a_pandera_schema_that_accepts_its_table():
    """It works with pandera alone."""
    schema = infer_schema(X)
    assert isinstance(schema, pa.DataFrameSchema)
    pd.testing.assert_frame_equal(schema.validate(X), X)
    shuffled = schema.validate(X[X.columns[::-1]].assign(extra=1))
    assert set(shuffled.columns) == set(X.columns)
    with pytest.raises(pa.errors.SchemaError, match="amount"):
        schema.validate(X.drop(columns="amount"))


def test_metadata_of_columns():
    """Kind, levels, range and reason stand in the schema itself."""
    metadata = infer_schema(X).columns["city"].metadata["windu"]
    assert metadata["kind"] == "categorical"
    assert set(metadata["levels"]) == {"Rome", "Oslo", "Bern"}


def test_json_comes_back_equal():
    """windu's own closed form."""
    schema = infer_table(X)
    assert TableSchema.from_json(schema.to_json()) == schema


def test_a_misspelled_key_is_refused():
    """What a column needs is then missing; a key more is one of a newer windu."""
    text = infer_table(X).to_json()
    with pytest.raises(pydantic.ValidationError, match="kind"):
        TableSchema.from_json(text.replace('"kind"', '"knd"', 1))
    more = TableSchema.from_json(text.replace('"kind"', '"newer": 1, "kind"', 1))
    assert more.columns[0].model_extra == {"newer": 1}


def test_conform_gives_back_the_same_object_when_nothing_is_to_do():
    """The good case costs no copy."""
    numbers = X[["visits", "flag", "when"]]
    assert conform(numbers, infer_table(numbers)) is numbers


def test_the_training_table_gets_the_form_of_every_later_one():
    """Mixtures are texts and empty texts are missing; else it is the same object."""
    mixed = pd.DataFrame({"a": [1, "x", None] * 20, "b": ["", "u", "v"] * 20})
    schema = infer_table(mixed)
    trained = conform_training(mixed, schema)
    assert trained["a"].dropna().unique().tolist() == ["1", "x"]
    assert trained["b"].isna().sum() == 20
    pd.testing.assert_frame_equal(trained, conform(mixed, schema))
    # Before pandas 3 texts are objects, which are looked at.
    numbers = X[["amount", "visits"]]
    assert conform_training(numbers, infer_table(numbers)) is numbers


def test_conform_leaves_the_users_table_alone():
    """A repaired table is another object."""
    schema, changed = infer_table(X), X.assign(visits=X["visits"].astype("int8"))
    before = changed.copy()
    conform(changed, schema)
    pd.testing.assert_frame_equal(changed, before)


def test_all_differences_at_once():
    """The error carries each of them, not only the first."""
    schema = infer_table(X)
    bad = X.drop(columns="city").assign(visits="x", flag=3, amount=np.inf)
    with pytest.raises(SchemaError, match="'city'") as caught:
        conform(bad, schema)
    found = {(d.column, d.difference) for d in caught.value.report.errors}
    assert found == {
        ("city", "missing"),
        ("visits", "meaning"),
        ("flag", "meaning"),
        ("amount", "infinite"),
    }


def test_whole_numbers_with_a_gap_become_floats():
    """An integer column with one missing value is accepted."""
    schema = infer_table(X)
    changed = conform(X.assign(visits=X["visits"].where(X.index > 0)), schema)
    assert changed["visits"].dtype == "float64"
    assert conform(X.assign(visits=X["visits"] + 0.5), schema)["visits"].iloc[0] % 1


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int8", 300), ("int64", 1e30), ("UInt8", -1), ("float32", 1e39)],
)
def test_numbers_that_do_not_fit_the_dtype_stay_what_they_are(dtype, value):
    """Nothing wraps, nothing becomes infinite."""
    schema = infer_table(pd.DataFrame({"n": pd.array([1, 2, 3], dtype=dtype)}))
    assert conform(pd.DataFrame({"n": [value, 1.0]}), schema)["n"].iloc[0] == value


def test_missing_values_among_objects():
    """pd.NA, NaT and None are missing numbers."""
    schema = infer_table(pd.DataFrame({"n": [1.5, 2.5, 3.5]}))
    frame = pd.DataFrame({"n": [1.5, pd.NA, None, pd.NaT]}, dtype=object)
    assert conform(frame, schema)["n"].isna().tolist() == [False, True, True, True]


def test_levels_that_came_back_as_numbers():
    """A CSV file turns the level "001" of codes into a number only if it may."""
    schema = infer_table(pd.DataFrame({"zone": ["1", "2", "x"] * 9}))
    back = conform(pd.DataFrame({"zone": [1, 2]}), schema)
    assert back["zone"].tolist() == ["1", "2"]
    unknown = conform(pd.DataFrame({"zone": [1, 7.5]}), schema)
    assert unknown["zone"].tolist() == ["1", "7.5"]
    names = infer_table(pd.DataFrame({"zone": ["north", "south", "x"] * 9}))
    with pytest.raises(SchemaError, match="'zone' must be categorical. Got numeric"):
        conform(pd.DataFrame({"zone": [1, 7.5]}), names)


def test_an_example_keeps_a_zone_with_summer_time():
    """Its offset from UTC changes within the column."""
    when = pd.date_range("2020-01-01", periods=12, freq="MS", tz="Europe/Berlin")
    frame = pd.DataFrame({"when": when.insert(3, pd.NaT)})
    assert unpack_frame(pack_frame(frame)).equals(frame)


def test_half_of_an_example_is_spread_over_the_table():
    """However many columns have extremes to show."""
    values = np.random.default_rng(0).uniform(size=(400, 20))
    values[range(20), range(20)], values[range(20, 40), range(20)] = -1, 2
    frame = pd.DataFrame(values).rename(columns=str)
    rows = unpack_frame(choose_example(frame, infer_table(frame)))
    assert len(rows) == 20
    assert (rows.abs().max(axis=1) < 1).sum() >= 8


def test_example_shows_missing_values_rare_levels_and_extremes():
    """The example is chosen, and comes back with its dtypes."""
    frame = X.assign(city=X["city"].fillna("Rome"), kind=pd.Categorical(X["city"]))
    frame.loc[17, "city"] = "Ushuaia"
    example = unpack_frame(choose_example(frame, infer_table(frame)))
    assert len(example) == 20
    assert "Ushuaia" in set(example["city"])
    assert example["amount"].isna().any()
    assert example["amount"].max() == frame["amount"].max()
    assert example.dtypes.equals(frame.dtypes)


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, None], dtype="Int64"),
        pd.array([True, None], dtype="boolean"),
        pd.array(["a", None], dtype="string"),
        pd.Categorical(["b", None], ["b", "a"], ordered=True),
        pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"),
        pd.to_timedelta([1, None], unit="s"),
        [0.1, np.nan],
    ],
)
def test_packed_frames_come_back(values):
    """Values and dtypes survive the JSON text."""
    frame = pd.DataFrame({"x": values, 7: [1, 2]})
    pd.testing.assert_frame_equal(unpack_frame(pack_frame(frame)), frame)
