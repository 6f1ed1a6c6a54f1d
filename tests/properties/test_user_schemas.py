"""A user's schema: JSON keeps it, and what pandera says of a table."""

import warnings

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windu.schema.user.stored import from_json, to_json

MANY = settings(
    max_examples=5 * settings().max_examples,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WHOLE = st.integers(-5, 5)
REAL = st.one_of(WHOLE.map(float), st.sampled_from([0.5, -1.5, 2.25]))
TEXT = st.sampled_from(["", "a", "b", "ab", "Ab-1", "ä", "long text"])
MOMENT = st.sampled_from([f"2020-0{m}-01" for m in range(1, 7)]).map(pd.Timestamp)
#: dtype of the data: values, whether it takes missing ones, what a schema may say.
DTYPES = {
    "int64": (WHOLE, False, [int, float, "Int64", None]),
    "int8": (WHOLE, False, ["int8", int]),
    "float64": (REAL, True, [float, "float32", int]),
    "Int64": (WHOLE, True, ["Int64", int]),
    "Float64": (REAL, True, ["Float64", None]),
    "bool": (st.booleans(), False, [bool, "boolean"]),
    "boolean": (st.booleans(), True, ["boolean", bool]),
    "object": (TEXT, True, [str, object, "string"]),
    "string": (TEXT, True, [str, "string", object]),
    "category": (TEXT, True, ["category", pd.CategoricalDtype(["a", "b"]), str]),
    "datetime64[ns]": (MOMENT, True, [pa.DateTime, "datetime64[ns]", float]),
    "datetime64[us, UTC]": (
        MOMENT.map(lambda moment: moment.tz_localize("UTC")),
        True,
        [pd.DatetimeTZDtype("us", "UTC"), pd.DatetimeTZDtype("ns", "UTC")],
    ),
    "int64[pyarrow]": (WHOLE, True, ["int64[pyarrow]", int]),
}
if pd.Series(["a"]).dtype != object:
    DTYPES["str"] = (TEXT, True, [str, "string", object])


@st.composite
def checks(draw, values):
    """Draw a built-in check; mostly one that is made for the values."""
    values = draw(st.sampled_from([values] * 8 + [WHOLE, TEXT]))
    name = draw(
        st.sampled_from(
            [
                *("equal_to", "not_equal_to", "greater_than", "less_than"),
                *("greater_than_or_equal_to", "less_than_or_equal_to", "in_range"),
                *("isin", "isin", "notin", "unique_values_eq", "str_length"),
                *("str_matches", "str_contains", "str_startswith", "str_endswith"),
            ]
        )
    )
    options = {
        "ignore_na": draw(st.booleans()),
        "raise_warning": draw(st.sampled_from([False, False, False, True])),
    }
    if name == "in_range":
        low, high = sorted([draw(values), draw(values)])
        inside = [low == high or draw(st.booleans()) for _ in range(2)]
        return pa.Check.in_range(low, high, *inside, **options)
    if name in ("isin", "notin", "unique_values_eq"):
        chosen = draw(st.lists(values, max_size=6))
        if draw(st.booleans()):
            chosen += {-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, "a", "b", "ab", "", "ä"}
        return getattr(pa.Check, name)(chosen, **options)
    if name == "str_length":
        return pa.Check.str_length(0, draw(st.sampled_from([2, 9])), **options)
    if name.startswith("str_"):
        text = draw(st.sampled_from(["", "a", "[a-z]*$", "^$"]))
        return getattr(pa.Check, name)(text, **options)
    return getattr(pa.Check, name)(draw(values), **options)


@st.composite
def cases(draw):
    """Draw a table and a schema that is about it."""
    n_rows, columns, asked = draw(st.integers(1, 6)), {}, {}
    for name in ["a", "b", "c"][: draw(st.integers(1, 3))]:
        dtype = draw(st.sampled_from(sorted(DTYPES)))
        values, gaps, said = DTYPES[dtype]
        drawn = st.one_of(values, st.none()) if gaps else values
        data = draw(st.lists(drawn, min_size=n_rows, max_size=n_rows))
        columns[name] = pd.Series(data, dtype=dtype)
        asked[name] = pa.Column(
            draw(st.sampled_from([said[0]] * 4 + said)),
            draw(st.lists(checks(values), max_size=2)),
            nullable=draw(st.sampled_from([True, True, False])),
            unique=draw(st.sampled_from([False, False, False, True])),
            coerce=draw(st.sampled_from([False, False, False, True])),
            required=draw(st.booleans()),
            default=draw(st.one_of(*[st.none()] * 5, values)),
        )
    if draw(st.integers(0, 4)) == 0:
        asked["^[a-c]$"] = pa.Column(None, nullable=True, regex=True)
    if draw(st.integers(0, 5)) == 0:
        asked["other"] = pa.Column(int, required=draw(st.booleans()))
    schema = pa.DataFrameSchema(
        asked,
        strict=draw(st.sampled_from([False, False, True, "filter"])),
        ordered=draw(st.booleans()),
        coerce=draw(st.integers(0, 6)) == 0,
        unique=draw(st.sampled_from([None, None, None, ["a"], ["a", "b"]])),
    )
    order = draw(st.permutations(list(columns)))
    order = order if draw(st.booleans()) else list(columns)
    return pd.DataFrame(columns)[order], schema


def by_pandera(frame, schema):
    """Return the frame that pandera gives back, None if it refuses or warns."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            made = schema.validate(frame, lazy=True)
        except Exception:
            return None
    return None if any(isinstance(w.message, UserWarning) for w in told) else made


@pytest.mark.slow
@MANY
@given(cases())
def test_json_keeps_a_schema(case):
    """It comes back equal, and gives the same verdict."""
    frame, schema = case
    again = from_json(to_json(schema))
    assert again == schema
    assert to_json(again) == to_json(schema)
    one, other = by_pandera(frame, schema), by_pandera(frame, again)
    assert (one is None) == (other is None)
    if one is not None:
        pd.testing.assert_frame_equal(one, other)


def test_numbers_of_numpy_become_plain():
    """The schema acts the same."""
    check = pa.Check.isin(np.array([1, 2]))
    schema = pa.DataFrameSchema({"n": pa.Column(int, check)})
    again = from_json(to_json(schema))
    assert again.columns["n"].checks[0].statistics == {"allowed_values": [1, 2]}
    assert by_pandera(pd.DataFrame({"n": [3]}), again) is None
