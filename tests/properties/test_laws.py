"""Laws that hold for every table, not only for the ones we thought of."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windu import AutoFeaturizer, IndicatorEncoder, WinduEstimator, infer_schema
from windu.exceptions import WinduError
from windu.schema.check import conform, conform_training
from windu.schema.columns import TableSchema
from windu.schema.inference import infer_table, pack_frame, unpack_frame
from windu.steps import Step, run_steps
from windu.tasks import infer_task, read_target

QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

N_ROWS = 12
VALUES = {
    "floats": st.floats(-1e9, 1e9),
    "whole": st.integers(-1000, 1000),
    "booleans": st.booleans(),
    "levels": st.sampled_from(["a", "b", "ä", ""]),
    "texts": st.text(max_size=12),
    "dates": st.datetimes(
        pd.Timestamp("1990-01-01").to_pydatetime(),
        pd.Timestamp("2030-01-01").to_pydatetime(),
    ),
    "numbers as texts": st.integers(-99, 99).map(str),
}


@st.composite
def columns(draw, missing=True):
    """Draw one column, perhaps with missing values."""
    values = VALUES[draw(st.sampled_from(sorted(VALUES)))]
    if missing:
        values = st.one_of(values, st.none())
    return pd.Series(draw(st.lists(values, min_size=N_ROWS, max_size=N_ROWS)))


@st.composite
def tables(draw, max_columns=4):
    """Draw a table of columns of any kind."""
    n_columns = draw(st.integers(1, max_columns))
    names = draw(
        st.lists(
            st.text(min_size=1), min_size=n_columns, max_size=n_columns, unique=True
        )
    )
    return pd.DataFrame({name: draw(columns()) for name in names})


@pytest.mark.slow
@QUICK
@given(tables())
def test_a_schema_accepts_its_own_table(frame):
    """infer(X) accepts X, for windu and for pandera."""
    schema = infer_table(frame)
    trained = conform_training(frame, schema)
    pd.testing.assert_frame_equal(conform(frame, schema), trained)
    pd.testing.assert_frame_equal(conform(trained, schema), trained)
    infer_schema(frame).validate(frame)


@QUICK
@given(tables())
def test_schemas_and_examples_survive_their_text(frame):
    """JSON and back."""
    schema = infer_table(frame)
    assert TableSchema.from_json(schema.to_json()) == schema
    again = unpack_frame(pack_frame(frame))
    assert again.dtypes.equals(frame.dtypes)
    assert again.shape == frame.shape


@pytest.mark.slow
@QUICK
@given(tables(), st.randoms())
def test_the_order_of_columns_makes_no_difference(frame, random):
    """Columns are found by name."""
    schema = infer_table(frame)
    names = list(frame.columns)
    random.shuffle(names)
    pd.testing.assert_frame_equal(conform(frame[names], schema), conform(frame, schema))


@pytest.mark.slow
@QUICK
@given(tables())
def test_features_of_a_row_do_not_depend_on_other_rows(frame):
    """A row alone has the features it has in the table."""
    try:
        featurizer = AutoFeaturizer().fit(frame)
    except WinduError:
        return
    whole = featurizer.transform(frame)
    pd.testing.assert_frame_equal(
        featurizer.transform(frame.iloc[[3]]), whole.iloc[[3]]
    )


@settings(QUICK, max_examples=25)
@given(tables())
def test_any_table_fits_and_predicts_or_says_why(frame):
    """Every table ends in predictions or in an error of windu's own."""
    y = ["yes", "no", "no"] * (N_ROWS // 3)
    try:
        est = WinduEstimator("decision_tree", random_state=0).fit(frame, y)
    except WinduError:
        return
    assert set(est.predict(frame)) <= {"yes", "no"}


@QUICK
@given(st.lists(st.lists(st.booleans(), min_size=2, max_size=2), min_size=2))
def test_decode_of_encode_is_the_target(rows):
    """Indicators come back."""
    y = pd.DataFrame(np.array(rows), columns=["a", "b"])
    encoder = IndicatorEncoder().fit(y)
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoder.transform(y)), y)


@QUICK
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=60))
def test_whole_numbers_have_a_task_that_does_not_depend_on_their_type(values):
    """Whole floats and integers are the same target."""
    assert infer_task(read_target(values)) == infer_task(
        read_target([float(value) for value in values])
    )


@given(st.lists(st.integers(), min_size=1, max_size=5))
def test_running_until_a_step_is_running_the_list_up_to_it(numbers):
    """until is a shorter list."""
    steps = [
        Step(
            f"s{i}",
            (f"v{i}",),
            (f"v{i + 1}",),
            lambda i=i, **v: v[f"v{i}"] + numbers[i],
        )
        for i in range(len(numbers))
    ]
    last = len(numbers) // 2
    until = run_steps(steps, {"v0": 0}, until=f"s{last}")
    assert until == run_steps(steps[: last + 1], {"v0": 0})
