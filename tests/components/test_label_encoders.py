"""Label encoders: yes and no in any words, amounts as logarithms, and back."""

import numpy as np
import pandas as pd
import pytest

from windu import IndicatorEncoder, LogEncoder
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


def test_a_label_of_one_value_knows_the_other_category():
    """Of two categories, the one that does not occur is the other answer."""
    dtype = pd.CategoricalDtype(["sure", "never"])
    y = pd.DataFrame({"a": ["sure", "never"], "b": ["sure", "sure"]}, dtype=dtype)
    encoder = IndicatorEncoder().fit(y)
    assert encoder.values_ == [["never", "sure"], ["never", "sure"]]
    assert encoder.inverse_transform([[0, 0]]).iloc[0].tolist() == ["never", "never"]


AMOUNTS = np.array([[0.0], [1e-9], [0.5], [3.0], [1e6]])


@pytest.mark.parametrize("scale", [1.0, 0.01, 1000])
def test_logarithms_and_back(scale):
    """The inverse is exact, also next to zero; several columns are each their own."""
    encoder = LogEncoder(scale=scale).fit(AMOUNTS)
    codes = encoder.transform(AMOUNTS)
    np.testing.assert_allclose(codes, np.log1p(AMOUNTS / scale), rtol=1e-15)
    np.testing.assert_allclose(encoder.inverse_transform(codes), AMOUNTS, rtol=1e-12)
    both = np.hstack([AMOUNTS, 2 * AMOUNTS])
    encoder.fit(both)
    np.testing.assert_allclose(
        encoder.inverse_transform(encoder.transform(both)), both, rtol=1e-12
    )


def test_smearing_makes_medians_means():
    """Duan: the mean of exp(error) is what exp of the mean lacks."""
    errors = np.random.default_rng(0).normal(scale=0.8, size=100_000)
    amounts = 50 * np.exp(errors)
    encoder = LogEncoder(scale=1e-6, smearing=float(np.exp(errors).mean()))
    encoder.fit(amounts.reshape(-1, 1))
    center = np.log1p([[50 / 1e-6]])
    assert encoder.inverse_transform(center)[0, 0] == pytest.approx(amounts.mean())
    assert encoder.set_params(smearing=1.0).inverse_transform(center)[
        0, 0
    ] == pytest.approx(50)


def test_clipping_keeps_the_range():
    """What a model extrapolates on the logarithmic scale stays sane."""
    encoder = LogEncoder(clip=True).fit(AMOUNTS)
    assert encoder.inverse_transform([[-9.0], [99.0]]).ravel().tolist() == [0, 1e6]
    assert encoder.set_params(clip=False).inverse_transform([[99.0]])[0, 0] > 1e40


def test_values_without_a_logarithm_are_refused():
    """With value, row and a way out."""
    message = (
        "values above -1.* got -1 at row 2, and 2 such rows of 4.*PowerTransformer"
    )
    with pytest.raises(TargetError, match=message) as caught:
        LogEncoder().fit([[0.0], [1.0], [-1.0], [-7.0]])
    assert caught.value.rows == [2, 3]
