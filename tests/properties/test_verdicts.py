"""windu's own check and pandera agree on every table."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from tests.properties.test_laws import N_ROWS, tables
from windu.exceptions import SchemaError
from windu.schema.check import compare, conform
from windu.schema.columns import TableSchema
from windu.schema.inference import infer_table
from windu.schema.pandera_schema import to_pandera

pytestmark = pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")

CHANGES = ["rename", "reorder", "cast", "null", "extend", "empty", "text", "other"]


def change(frame, draw):
    """Return a frame changed in one of the ways that life changes tables."""
    kind = draw(st.sampled_from(CHANGES))
    name = draw(st.sampled_from(list(frame.columns)))
    if kind == "rename":
        return frame.rename(columns={name: f"{name}_"})
    if kind == "reorder":
        return frame[list(frame.columns)[::-1]]
    if kind == "cast":
        dtype = draw(st.sampled_from(["object", "string", "float64", "category"]))
        try:
            return frame.astype({name: dtype})
        except (TypeError, ValueError):
            return frame
    if kind == "null":
        return frame.assign(**{name: frame[name].astype(object).where(frame.index > 0)})
    if kind == "extend":
        return frame.assign(**{f"{name}_more": 1})
    if kind == "empty":
        return frame.head(0)
    if kind == "text":
        return frame.assign(**{name: "some text"})
    return frame.assign(**{name: draw(tables(1)).iloc[:, 0].to_numpy()})


@pytest.mark.slow
@settings(
    max_examples=5 * settings().max_examples,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_same_verdict_as_pandera(data):
    """What conform accepts pandera accepts, and what it refuses pandera refuses."""
    frame = data.draw(tables())
    schema = infer_table(frame)
    other = change(frame, data.draw)
    try:
        conform(other, schema)
        accepted = True
    except SchemaError:
        accepted = False
    try:
        to_pandera(schema).validate(other, lazy=True)
        by_pandera = True
    except SchemaErrors:
        by_pandera = False
    assert accepted == by_pandera
    assert compare(other, schema)[1].ok == accepted


@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True)
@given(tables())
def test_a_pandera_schema_is_the_schema(frame):
    """What is exported can be given back: kinds and tolerances stay."""
    from windu.schema.user.given import overlay

    schema = TableSchema(infer_table(frame).columns, {"extra": "warn"})
    again = overlay(infer_table(frame), to_pandera(schema))
    assert again == schema
    assert len(frame) == N_ROWS
    pd.testing.assert_frame_equal(conform(frame, again), conform(frame, schema))
