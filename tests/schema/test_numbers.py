"""Numbers that are written as texts."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from windu import WinduEstimator
from windu.exceptions import DataWarning, SchemaError
from windu.schema.inference import infer_column
from windu.schema.numbers import code_width_of, digit_form_of, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5", (1234.5, "")),
        ("$ 12", (12.0, "$")),
        ("-$5", (-5.0, "$")),
        ("7 %", (7.0, "%")),
        ("1,234,567", (1234567.0, "")),
        ("€-3", (-3.0, "€")),
        ("1e3", (1000.0, "")),
        ("0,125", None),
        ("1,23", None),
        ("12,34,567", None),
        ("1_000", None),
        ("0x1F", None),
        ("1 2", None),
        ("", None),
        ("%", None),
        ("$5%", None),
        ("1" * 65, None),
    ],
)
def test_what_a_text_means(text, number):
    """Signs and commas between thousands are read, everything else is no number."""
    assert parse_number(text) == number


def column_of(texts):
    """Return what is known of a column of texts."""
    return infer_column(pd.Series(texts, name="value"))


MANY = [f"{value:.3f}" for value in np.random.default_rng(0).normal(size=100)]


@pytest.mark.parametrize(
    "texts",
    [
        ["7%", "0.07", "9%", "0.5"],
        ["$5", "€5", "$7", "€9"],
        ["0,125", "125", "3,5", "7"],
        [f"{10**17 + i}" for i in range(20)],
        ["007", "12", "13"],
        MANY[:90] + [f"bad {i}" for i in range(10)],
    ],
)
def test_what_may_not_be_merged_is_no_number(texts):
    """Different units, decimal commas and long codes stay texts."""
    assert column_of(texts).kind != "numeric"


@pytest.mark.parametrize("bad", ["1.2.3", "<0.1", "see note"])
def test_one_bad_text_of_many(bad):
    """The column stays one of numbers, the text is missing, and it is said."""
    column = column_of([bad, *MANY])
    assert column.kind == "numeric"
    assert column.missing_texts == [bad]
    X = pd.DataFrame({"value": [bad, *MANY]})
    y = np.arange(101) % 2
    with pytest.warns(DataWarning, match=r"'value' holds numbers, but for texts such"):
        est = WinduEstimator("linear").fit(X, y)
    est.predict(X)
    with pytest.raises(SchemaError, match="'value' must be numeric"):
        est.predict(pd.DataFrame({"value": ["another"]}))


@pytest.mark.parametrize("sign", ["%", "€"])
def test_another_sign_at_predict_is_refused(sign):
    """A percentage is no fraction, and a euro no dollar."""
    X = pd.DataFrame({"value": ["$1", "$2", "$3", "$4"] * 5})
    est = WinduEstimator("linear").fit(X, [0, 1] * 10)
    est.predict(pd.DataFrame({"value": ["7", "$9"]}))
    with pytest.raises(SchemaError, match=r"must hold numbers with '\$'"):
        est.predict(pd.DataFrame({"value": [f"7{sign}"]}))


def test_units_are_said():
    """A column of two units warns at fit, and names them."""
    X = pd.DataFrame({"rate": ["7%", "0.07", "9%", "0.5"] * 5})
    with pytest.warns(DataWarning, match="'rate' holds numbers of several kinds"):
        WinduEstimator("linear").fit(X, [0, 1] * 10)


def test_commas_that_may_be_decimal_ones_are_said():
    """Three digits follow each: thousands, or numbers with three decimals."""
    X = pd.DataFrame({"price": ["1,125", "2,500", "17,250", "3,875"] * 5})
    with pytest.warns(DataWarning, match="'price' holds texts such as '1,125', which"):
        WinduEstimator("linear").fit(X, [0, 1] * 10)
    for clear in ("125", "1,125,000", "1,125.5"):
        assert column_of([*X["price"], clear]).note is None


@pytest.mark.parametrize(
    ("texts", "form", "width"),
    [
        (["007", "123"], "padded", 3),
        (["007", "12"], "padded", None),
        (["7", "12"], "plain", None),
        (["7.0", "x"], "pointed", None),
        (["x", "y"], "none", None),
        (["0", "1"], "plain", None),
    ],
)
def test_form_of_digits(texts, form, width):
    """What would be lost if the texts were numbers."""
    assert digit_form_of(texts) == form
    assert code_width_of(texts) == width


CODES = [f"{i:03d}" for i in range(60)]


@pytest.mark.parametrize(
    "values", [[7], ["7"], [7.0], ["07"]], ids=["int", "text", "float", "shorter"]
)
@pytest.mark.parametrize("n_levels", [20, 60])
def test_codes_without_their_zeros_are_refused(values, n_levels):
    """They would be an unknown level, or another one."""
    X = pd.DataFrame({"code": CODES[:n_levels] * 4})
    est = WinduEstimator("linear").fit(X, np.arange(len(X)) % 2)
    with pytest.raises(SchemaError, match="with their leading zeros"):
        est.predict(pd.DataFrame({"code": values}))


@pytest.mark.parametrize(
    "codes",
    [
        np.array([f"100000000000000000{i:02d}" for i in range(50)]),
        np.uint64(2**64 - 1) - np.arange(50, dtype="uint64"),
        2**63 - 1 - np.arange(50),
        np.arange(50) + -(2**63),
        np.array([2**100 + i for i in range(50)], dtype=object),
    ],
    ids=["texts", "uint64", "int64", "negative", "objects"],
)
def test_codes_that_floats_cannot_tell_apart_are_names(codes):
    """The target follows the last digit of each."""
    rows = np.random.default_rng(0).integers(0, 50, 600)
    X, y = pd.DataFrame({"account": codes[rows]}), rows % 2
    assert WinduEstimator(random_state=0).fit(X, y).score(X, y) > 0.95


def test_half_of_the_numbers_are_enough_for_codes():
    """Of those that differ, however often each is met."""
    assert column_of([1, 2**60] * 30).kind != "numeric"
    assert column_of([1, 2, 2**60] * 20).kind == "numeric"


def test_floats_that_stand_for_several_codes_are_refused():
    """Beyond 2**53 the digits of a float may be those of another code."""
    codes = [str(2**53 + 2 * i) for i in range(50)]
    X = pd.DataFrame({"account": codes * 4})
    est = WinduEstimator("linear").fit(X, np.arange(200) % 2)
    est.predict(pd.DataFrame({"account": [2**53 + 2]}))
    with pytest.raises(SchemaError, match="'account'"):
        est.predict(pd.DataFrame({"account": [2.0**53 + 2]}))


@pytest.mark.parametrize(
    "values",
    [
        [Decimal(f"0.1000000000000000000{i % 7}") for i in range(60)],
        [2**53 + 1, 2**53, *range(58)],
    ],
    ids=["decimals", "integers"],
)
def test_numbers_that_become_one_are_said(values):
    """They are used as float64, and the warning says what that means."""
    X = pd.DataFrame({"n": pd.Series(values), "x": np.arange(60.0)})
    with pytest.warns(DataWarning, match="'n' holds different numbers that are one"):
        WinduEstimator("linear").fit(X, [0, 1] * 30)


def test_one_long_number_does_not_cost_the_column():
    """A sentinel such as the largest int64 leaves the others numbers."""
    values = np.arange(100)
    values[3] = 2**63 - 1
    assert infer_column(pd.Series(values, name="a")).kind == "numeric"
