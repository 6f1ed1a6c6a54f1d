"""IndicatorEncoder: yes and no in any words, and back."""

import numpy as np
import pandas as pd
import pytest

from windu import IndicatorEncoder
from windu.exceptions import TargetError

FORMS = {
    "0 and 1": np.array([[0, 1], [1, 1], [0, 0]]),
    "floats": np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]),
    "booleans": np.array([[False, True], [True, True], [False, False]]),
    "yes and no": pd.DataFrame({"a": ["no", "yes", "no"], "b": ["yes", "yes", "no"]}),
    "N and Y": pd.DataFrame({"a": ["N", "Y", "N"], "b": ["Y", "Y", "N"]}),
    "frame of booleans": pd.DataFrame(
        {"a": [False, True, False], "b": [True, True, False]}
    ),
    "nullable": pd.DataFrame({"a": [0, 1, 0], "b": [1, 1, 0]}, dtype="Int64"),
    "categories": pd.DataFrame(
        {"a": ["n", "y", "n"], "b": ["y", "y", "n"]}, dtype="category"
    ),
    "one value alone": pd.DataFrame({"a": ["no", "yes", "no"], "b": ["yes"] * 3}),
}


@pytest.mark.parametrize("form", FORMS)
def test_decode_of_encode(form):
    """The form, the dtypes and the words come back."""
    y = FORMS[form]
    encoder = IndicatorEncoder().fit(y)
    codes = encoder.transform(y)
    assert codes[:, 0].tolist() == [0, 1, 0]
    back = encoder.inverse_transform(codes)
    if isinstance(y, pd.DataFrame):
        pd.testing.assert_frame_equal(back, y)
    else:
        np.testing.assert_array_equal(back, y)
        assert back.dtype == y.dtype


def test_more_than_two_values_are_refused():
    """A column of classes is no label."""
    with pytest.raises(TargetError, match="at most two values"):
        IndicatorEncoder().fit(pd.DataFrame({"a": ["x", "y", "z"]}))


def test_values_unknown_to_fit_are_refused():
    """With label, value and row."""
    encoder = IndicatorEncoder().fit(FORMS["yes and no"])
    with pytest.raises(
        TargetError, match="'a' must be 'no' or 'yes'. Got 'maybe' at row 1"
    ):
        encoder.transform(pd.DataFrame({"a": ["no", "maybe"], "b": ["no", "no"]}))
    with pytest.raises(TargetError, match="2 labels of training. Got 1"):
        encoder.transform(pd.DataFrame({"a": ["no"]}))
