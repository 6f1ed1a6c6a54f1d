"""Tables as production sends them: round trips through files, and odd columns."""

import decimal
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from windu import WinduEstimator, load, save
from windu.exceptions import PartError, SchemaError, TargetError, WinduWarning

N = 100
K = np.arange(float(N))
Y = [0, 1] * (N // 2)
DAYS = pd.date_range("2020-01-01", periods=N)


def fit(**columns):
    return WinduEstimator("linear").fit(pd.DataFrame(columns), Y)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["auto", "linear", "random_forest"])
def test_levels_alone_are_enough(model):
    """A table without a single number."""
    X = pd.DataFrame({"a": list("ab") * (N // 2), "b": list("xxyy") * (N // 4)})
    assert WinduEstimator(model, random_state=0).fit(X, Y).score(X, Y) == 1.0
    assert len(WinduEstimator(model, random_state=0).fit(X, K * 1.5).predict(X)) == N


# Another zone is said; tests/schema/test_dates.py sees the warning.
@pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")
@pytest.mark.parametrize("trained", [None, "UTC", "Europe/Oslo"])
def test_dates_come_back_in_another_form(trained):
    """With a zone, without, as ISO texts: a date without a zone is one of UTC."""
    utc = DAYS.tz_localize("UTC")
    first = DAYS if trained is None else utc.tz_convert(trained)
    est = fit(d=first)
    expected = est.predict_proba(pd.DataFrame({"d": first}))
    iso = [day.isoformat() for day in utc]
    for form in (DAYS, utc, utc.tz_convert("Asia/Tokyo"), iso):
        found = est.predict_proba(pd.DataFrame({"d": form}))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "columns",
    [
        {"n": K, "d": DAYS},
        {"n": K, "t": pd.to_timedelta(K, unit="h")},
        {"n": K.astype(int), "b": np.array(Y) == 1},
        {"n": K, "c": ["True", "False"] * (N // 2)},
        {"n": K, "c": [f"{i % 5}" if i % 7 else "x" for i in range(N)]},
        {"n": K, "d": DAYS.strftime("%Y-%m-%dT%H:%M:%S.%f")},
        {"n": K, "q": pd.period_range("2001-01", periods=N, freq="M")},
    ],
)
def test_a_csv_file_between(columns):
    """What is written and read again predicts the same."""
    X = pd.DataFrame(columns)
    est = WinduEstimator("linear").fit(X, Y)
    again = pd.read_csv(io.StringIO(X.to_csv(index=False)))
    np.testing.assert_array_equal(est.predict_proba(again), est.predict_proba(X))


def test_numbers_as_names_come_back_as_texts():
    """A CSV file knows texts as names only."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 3)))
    est = WinduEstimator("linear").fit(X, Y)
    again = pd.read_csv(io.StringIO(X.to_csv(index=False)))
    np.testing.assert_allclose(est.predict_proba(again), est.predict_proba(X))


@pytest.mark.parametrize(
    "kind", [pa.decimal128(10, 2), pa.dictionary(pa.int32(), pa.string()), pa.date32()]
)
def test_arrow_types_are_used_and_saved(kind, tmp_path):
    """Columns of Arrow types that pandas cannot make of plain values."""
    values = {
        "decimal128(10, 2)": [decimal.Decimal(f"{i}.5") for i in range(N)],
        "date32[day]": [day.date() for day in DAYS],
    }.get(str(kind), list("ab") * (N // 2))
    column = pd.Series(pa.array(values, kind), dtype=pd.ArrowDtype(kind))
    X = pd.DataFrame({"x": column, "n": K})
    est = WinduEstimator("linear").fit(X, Y)
    assert len(est.example_) == 20
    again = load(save(est, tmp_path / "est.windu"))
    np.testing.assert_array_equal(again.predict_proba(X), est.predict_proba(X))
    rows = X.head(3).to_dict("records")
    np.testing.assert_array_equal(est.predict(rows), est.predict(X.head(3)))


def test_identifiers_may_be_anything():
    """No model looks at them."""
    est = fit(order_id=[f"c{i}" for i in range(N)], n=K)
    assert len(est.predict(pd.DataFrame({"order_id": [7, 8], "n": [1.0, 2.0]}))) == 2


def test_a_column_named_like_a_part_of_a_date():
    """Both are kept."""
    X = pd.DataFrame({"d": DAYS, "d_month": K[::-1]})
    est = WinduEstimator("linear").fit(X, Y)
    names = est.feature_schema_.columns
    assert {"d_month", "d_month_"} <= set(names)
    assert len(est.predict(X)) == N


@pytest.mark.parametrize("schema", ["infer", None])
def test_missing_columns_with_and_without_the_check(schema):
    """The same error type, with the names."""
    X = pd.DataFrame({"a": K, "b": K[::-1]})
    est = WinduEstimator("linear", schema=schema).fit(X, Y)
    with pytest.raises(SchemaError, match="Missing: 'b'"):
        est.predict(X[["a"]])


def test_infinity_in_an_object_column():
    """At fit and at predict."""
    X = pd.DataFrame({"a": K.astype(object), "b": K})
    bad = X.assign(a=[np.inf, *K[1:]]).astype({"a": object})
    with pytest.raises(ValueError, match="infinity in 1 columns.*'a' at row 0"):
        WinduEstimator("linear").fit(bad, Y)
    with pytest.raises(SchemaError, match="'a' must be finite"):
        WinduEstimator("linear").fit(X, Y).predict(bad)


def test_targets_that_look_like_numbers():
    """Categories are classes, decimals are numbers, dates are neither."""
    X = pd.DataFrame({"a": K})
    many = pd.Series(pd.Categorical(np.arange(N) % 30))
    assert WinduEstimator("linear").fit(X, many).task_ == "multiclass"
    prices = [decimal.Decimal(i) / 3 for i in range(N)]
    assert WinduEstimator("linear").fit(X, prices).task_ == "regression"
    with pytest.raises(TargetError, match="Convert dates"):
        WinduEstimator("linear").fit(X, DAYS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([[]] * N, "at least one label"),
        ([["a"], None] * (N // 2), r"contains NaN.*50 of 100 rows"),
    ],
)
def test_label_lists_without_labels(y, message):
    """Nothing to learn, or nothing there."""
    with pytest.raises(TargetError, match=message):
        WinduEstimator("linear").fit(pd.DataFrame({"a": K}), y)


def test_no_rows_keep_the_type_of_labels():
    """Texts stay texts."""
    X = pd.DataFrame({"a": K})
    est = WinduEstimator("linear").fit(X, np.array(["n", "y"])[Y])
    assert est.predict(X.head(0)).dtype == est.predict(X).dtype


def test_misspelt_nested_parameters():
    """A near miss in a part gets a suggestion."""
    with pytest.raises(PartError, match="Did you mean 'learning_rate'"):
        WinduEstimator(task="binary").set_params(model__lerning_rate=0.1)


def test_save_says_what_load_will_ask(tmp_path):
    """Types that windu does not know are named when there is still time."""
    from tests.persistence.own_model import Constant

    est = WinduEstimator(Constant()).fit(pd.DataFrame({"a": K}), Y)
    with pytest.warns(WinduWarning, match="Constant"):
        save(est, tmp_path / "est.windu")
    with pytest.raises(ValueError, match="must be a new one"):
        save(WinduEstimator("linear").fit(pd.DataFrame({"a": K}), Y), tmp_path)


def test_memory_shares_the_transformer_between_models(tmp_path):
    """Two models that want the same are served by one fit."""
    from sklearn.linear_model import LogisticRegression

    X = pd.DataFrame({"a": K, "b": list("xy") * (N // 2)})
    for strength in (0.1, 1.0):
        model = LogisticRegression(C=strength)
        WinduEstimator(model, memory=str(tmp_path)).fit(X, Y)
    # What the featurizer made, and what the transformer made.
    assert len([*tmp_path.rglob("output.pkl")]) == 2
