"""Every form of a table gives the same predictions."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from windu import WinduEstimator
from windu.exceptions import DataWarning, FeatureError, SchemaError

# Before pandas 3, astype("str") makes a text of a missing value.
TEXT_DTYPES = ["object", "category", "string"]
TEXT_DTYPES += ["str"] if pd.__version__ >= "3" else []


def numbers(n_rows=60):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["a", "b", "c"])
    return X, (X["a"] > 0).map({True: "yes", False: "no"})


@pytest.fixture(scope="module")
def fitted():
    from tests.conftest import make_ugly

    X, y = make_ugly()
    return WinduEstimator("linear", random_state=0).fit(X, y), X


@pytest.mark.parametrize("dtype", TEXT_DTYPES)
def test_texts_of_every_dtype(dtype, fitted):
    """A text is a text, however pandas stores it."""
    est, X = fitted
    changed = X.assign(city=X["city"].astype(dtype), note=X["note"].astype(dtype))
    np.testing.assert_array_equal(est.predict_proba(changed), est.predict_proba(X))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("visits", "int8"),
        ("visits", "float64"),
        ("visits", "Int64"),
        ("visits", "int64[pyarrow]"),
        ("amount", "Float64"),
        ("amount", "double[pyarrow]"),
        ("flag", "boolean"),
        ("flag", "object"),
        ("flag", "int64"),
        ("when", "datetime64[s]"),
        ("when", "object"),
    ],
)
def test_same_values_in_another_dtype_are_cast(column, dtype, fitted):
    """Nullable, pyarrow, narrower and wider types hold the same values."""
    est, X = fitted
    changed = X.assign(**{column: X[column].astype(dtype)})
    np.testing.assert_array_equal(est.predict_proba(changed), est.predict_proba(X))


@pytest.mark.parametrize("dtype", TEXT_DTYPES)
def test_fit_on_texts_of_every_dtype(dtype, fitted, ugly):
    """The dtype of texts in training makes no difference either."""
    est, X = fitted
    texts = ["city", "note", "agent", "uid", "fixed", "price", "signed"]
    changed = X.astype(dict.fromkeys(texts, dtype))
    other = WinduEstimator("linear", random_state=0).fit(changed, ugly[1])
    np.testing.assert_allclose(other.predict_proba(X), est.predict_proba(X))


def test_polars_frames(fitted, ugly):
    """polars goes in at fit and at predict."""
    est, X = fitted
    table = pl.from_pandas(X)
    np.testing.assert_array_equal(est.predict(table), est.predict(X))
    other = WinduEstimator("linear", random_state=0).fit(table, pl.Series(ugly[1]))
    np.testing.assert_allclose(other.predict_proba(X), est.predict_proba(X))
    with pytest.raises(TypeError, match="collect"):
        est.predict(table.lazy())


def test_list_of_dicts_and_one_dict(fitted):
    """Rows as a web service has them."""
    est, X = fitted
    rows = X.head(3).to_dict("records")
    np.testing.assert_array_equal(est.predict(rows), est.predict(X.head(3)))
    np.testing.assert_array_equal(est.predict(rows[0]), est.predict(X.head(1)))


def test_arrays_of_numbers_and_of_objects():
    """Arrays go by position; an object array is read column by column."""
    X, y = numbers()
    est = WinduEstimator("linear").fit(X.to_numpy(), y)
    assert est.score(X.to_numpy(), y) > 0.9
    mixed = X.assign(city=np.where(X["a"] > 0, "Rome", "Oslo")).to_numpy()
    est = WinduEstimator("linear").fit(mixed, y)
    assert est.score(mixed, y) == 1.0
    assert est.feature_report_["kind"].tolist() == ["numeric"] * 3 + ["categorical"]


def test_column_order_and_extra_columns(fitted):
    """Columns are put in order by name; what training did not know is dropped."""
    est, X = fitted
    shuffled = X[X.columns[::-1]].assign(extra=1)
    np.testing.assert_array_equal(est.predict_proba(shuffled), est.predict_proba(X))


def test_missing_columns_are_named_all_at_once(fitted):
    """One error names every missing column, with near misses."""
    est, X = fitted
    with pytest.raises(SchemaError, match=r"'city', 'amount'.*Did you mean 'ammount'"):
        est.predict(X.rename(columns={"amount": "ammount"}).drop(columns="city"))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("amount", "n/a", r"'amount' must be numeric. Got text in 240 of 240.*row 0"),
        ("when", "soon", r"'when' must be datetime. Got text in 240 of 240"),
        ("signed", "31-31-2020", r"'signed' must be datetime.*first '31-31-2020'"),
        ("price", "cheap", r"'price' must be numeric"),
        ("flag", 7, r"'flag' must be boolean"),
    ],
)
def test_another_meaning_is_refused(column, values, message, fitted):
    """Values of another meaning are an error with the first offending row."""
    est, X = fitted
    with pytest.raises(SchemaError, match=message):
        est.predict(X.assign(**{column: values}))


def test_new_levels_and_missing_values_are_accepted(fitted):
    """Life: what training has not seen, but could have."""
    est, X = fitted
    changed = X.head(5).assign(city="Atlantis", visits=np.nan, flag=None, note=None)
    changed["when"] = pd.NaT
    with pytest.warns(DataWarning, match="'city' must have levels that training knew"):
        assert len(est.predict(changed)) == 5


def test_no_rows_give_an_empty_result(fitted):
    """No rows in, none out, in the right shape."""
    est, X = fitted
    assert est.predict(X.head(0)).shape == (0,)
    assert est.predict_proba(X.head(0)).shape == (0, 2)


def test_schema_none_switches_the_check_off():
    """Without the check, columns are still found by name."""
    X, y = numbers()
    est = WinduEstimator("linear", schema=None).fit(X, y)
    np.testing.assert_array_equal(est.predict(X[["c", "a", "b"]]), est.predict(X))


def test_names_that_are_numbers():
    """pandas numbers the columns of a frame made of an array."""
    X, y = numbers()
    X.columns = range(3)
    est = WinduEstimator("linear").fit(X, y)
    assert not hasattr(est, "feature_names_in_")
    np.testing.assert_array_equal(est.predict(X[[2, 0, 1]]), est.predict(X))


def test_array_after_a_frame_warns():
    """As scikit-learn does: names were there, now they are not."""
    X, y = numbers()
    est = WinduEstimator("linear").fit(X, y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        est.predict(X.to_numpy())


def bad(change):
    X, y = numbers()
    return change(X), y


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (
            lambda X: X.set_axis(["a", "a", "b"], axis=1),
            SchemaError,
            "'a' more than once",
        ),
        (lambda X: X.head(0), ValueError, "0 sample"),
        (lambda X: X[[]], ValueError, "0 feature"),
        (
            lambda X: X.assign(a=np.inf),
            FeatureError,
            "infinity in 1 columns.*'a' at row 0",
        ),
        (lambda X: X[["a"]].assign(a=1), FeatureError, "'a' is constant"),
        (
            lambda X: X.set_axis([("a", 1), ("b", 2), ("c", 3)], axis=1),
            SchemaError,
            "levels",
        ),
    ],
)
def test_bad_tables_at_fit(X, error, message):
    """A table that cannot be learned from says why."""
    table, y = bad(X)
    with pytest.raises(error, match=message):
        WinduEstimator("linear").fit(table, y.head(len(table)))


def test_infinity_at_predict(fitted):
    """Infinity is refused with column and row."""
    est, X = fitted
    with pytest.raises(SchemaError, match="'amount' must be finite.*row 5"):
        est.predict(X.assign(amount=np.where(np.arange(len(X)) == 5, np.inf, 0.0)))


def test_sparse_is_refused_clearly():
    """A sparse matrix has no columns with kinds."""
    from scipy.sparse import csr_matrix

    with pytest.raises(TypeError, match="Got a sparse matrix"):
        WinduEstimator("linear").fit(csr_matrix(np.eye(4)), [0, 1, 0, 1])


def test_one_dimension_is_refused(fitted):
    """A row alone is no table."""
    est, X = fitted
    with pytest.raises(ValueError, match="Reshape your data|Expected 2D"):
        est.predict(X["amount"].to_numpy())
