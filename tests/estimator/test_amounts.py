"""Targets of regression: encoded where asked or where it pays, back in their units."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

import windu
from windu import LogEncoder, WinduEstimator
from windu.components.log_encoder import _gain, has_heavy_tail
from windu.exceptions import PartError, TargetError

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(900, 3)), columns=["a", "b", "c"])
Y = 100 * np.exp(X["a"] + 0.5 * X["b"] + 0.2 * RNG.normal(size=900)).to_numpy()
TRAIN, TEST = slice(0, 300), slice(300, None)

ENCODERS = {
    "log1p": "log1p",
    "by name": "PowerTransformer",
    "power": PowerTransformer(),
    "box-cox": PowerTransformer(method="box-cox"),
    "quantile": QuantileTransformer(n_quantiles=99, output_distribution="normal"),
    "scale": StandardScaler(),
    "functions": FunctionTransformer(np.log1p, np.expm1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "Int32", "Float32"])
def test_encoded_targets_come_back_in_their_units(name, dtype, tmp_path):
    """As from scikit-learn's TransformedTargetRegressor; single precision stays."""
    y = pd.Series(Y).round(2 if "loat" in dtype else 0).astype(dtype)
    est = WinduEstimator(Ridge(), transformer=None, label_encoder=ENCODERS[name])
    predicted = est.set_params(task="regression").fit(X[TRAIN], y[TRAIN]).predict(X)
    assert predicted.dtype == ("float32" if "32" in dtype and "oat" in dtype else float)
    other = est.label_encoder_ if name in ("log1p", "by name") else ENCODERS[name]
    bare = TransformedTargetRegressor(Ridge(), transformer=other)
    bare.fit(X[TRAIN], y[TRAIN].to_numpy(dtype=float))
    np.testing.assert_allclose(
        predicted, bare.predict(X), rtol=1e-5 if predicted.dtype == "f4" else 1e-9
    )
    again = windu.load(windu.save(est, tmp_path / "est.windu"))
    np.testing.assert_array_equal(again.predict(X), predicted, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("model", ["linear", "hist_gradient_boosting"])
def test_several_outputs_and_weights(name, model):
    """Each column is encoded; weights still reach the model."""
    both = np.column_stack([Y, 3 * Y + 1])[TRAIN]
    weight = (np.arange(300) < 100).astype(float)
    est = WinduEstimator(model, label_encoder=ENCODERS[name], random_state=0)
    est.fit(X[TRAIN], both)
    assert est.predict(X).shape == (900, 2)
    assert est.score(X[TRAIN], both) > 0.4
    weighted = est.fit(X[TRAIN], both, sample_weight=weight).predict(X)
    assert np.isfinite(weighted).all()
    assert not np.allclose(weighted, est.fit(X[TRAIN], both).predict(X))


def test_decimals_are_numbers():
    """Money from a data base."""
    y = [Decimal(str(round(value, 2))) for value in Y]
    for encoder in ("auto", "log1p"):
        est = WinduEstimator("linear", label_encoder=encoder).fit(X, y)
        assert est.task_ == "regression"
        assert est.predict(X).dtype == float


@pytest.mark.parametrize(
    ("encoder", "error", "message"),
    [
        ("log1p", TargetError, r"values above -1.*got -\d+.* such rows of 300"),
        (PowerTransformer(method="box-cox"), TargetError, "strictly positive data. P"),
        (FunctionTransformer(np.log1p), PartError, "must bring back what it encodes"),
        ("KBinsDiscretizer", PartError, "one number for each value|bring back"),
        ("OneHotEncoder", PartError, r"one number for each value.*shape \(300, "),
        ("LabelEncoder", PartError, "needs a label encoder of values. Got LabelEnc"),
        ("log", PartError, "Did you mean 'log1p'"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered in log1p")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_encoders_that_do_not_fit_amounts(encoder, error, message):
    """Say so in fit, and do not give predictions in other units."""
    y = Y[TRAIN] - (50 if encoder in ("log1p", ENCODERS["box-cox"]) else 0)
    y = y - 100 if isinstance(encoder, PowerTransformer) else y
    with pytest.raises(error, match=message):
        WinduEstimator("linear", label_encoder=encoder).fit(X[TRAIN], y)


def test_infinite_codes_are_refused():
    """The logarithm of zero, with its row."""
    y = np.where(np.arange(300) == 7, 0.0, Y[TRAIN])
    encoder = FunctionTransformer(np.log, np.exp)
    est = WinduEstimator("linear", label_encoder=encoder)
    with np.errstate(divide="ignore"), pytest.raises(TargetError) as caught:
        est.fit(X[TRAIN], y)
    assert "finite numbers. FunctionTransformer gives [-inf]" in str(caught.value)
    assert caught.value.rows == [7]


@pytest.mark.slow
def test_auto_learns_logarithms_where_that_pays(capsys, tmp_path):
    """Better on rows never seen, said with verbose, the same after load."""
    est = WinduEstimator(random_state=0, verbose=True).fit(X[TRAIN], Y[TRAIN])
    assert "target: its logarithm. The tail is heavy, and" in capsys.readouterr().out
    assert isinstance(est.label_encoder_, LogEncoder)
    assert est.label_encoder_.smearing > 1
    plain = WinduEstimator(random_state=0, label_encoder=None).fit(X[TRAIN], Y[TRAIN])
    score = est.score(X[TEST], Y[TEST])
    assert score > plain.score(X[TEST], Y[TEST]) + 0.02
    predicted = est.predict(X)
    assert predicted.min() >= Y[TRAIN].min()
    assert predicted.max() <= Y[TRAIN].max()
    again = windu.load(windu.save(est, tmp_path / "est.windu"))
    np.testing.assert_array_equal(again.predict(X), predicted)
    one = est.predict(X.head(1))
    np.testing.assert_array_equal(one, predicted[:1])
    refitted = WinduEstimator(random_state=0).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(refitted.predict(X), predicted)


@pytest.mark.slow
def test_auto_does_not_depend_on_the_unit():
    """Cents or euros: the same decision, the same predictions."""
    euros, cents = (
        WinduEstimator(random_state=0).fit(X[TRAIN], unit * Y[TRAIN]).predict(X) / unit
        for unit in (1, 128)
    )
    np.testing.assert_allclose(euros, cents, rtol=1e-6)


def test_auto_leaves_the_target_where_it_does_not_pay(capsys):
    """A heavy tail of the noise alone."""
    y = X["a"].to_numpy() + 5 + RNG.exponential(3, size=900)
    est = WinduEstimator(random_state=0, verbose=True).fit(X, y)
    out = capsys.readouterr().out
    assert est.label_encoder_ is None
    assert "logarithm" not in out or "as it is. The tail is heavy" in out
    plain = WinduEstimator(random_state=0, label_encoder=None).fit(X, y)
    np.testing.assert_array_equal(est.predict(X), plain.predict(X))


@pytest.mark.slow
def test_auto_weighs_rows():
    """Rows of weight zero change nothing, also not the decision."""
    weight = np.r_[np.ones(300), np.zeros(100)]
    rows = slice(0, 400)
    y = np.r_[Y[:300], np.full(100, Y[:300].mean())]
    est = WinduEstimator(random_state=0, transformer=None)
    all_rows = est.fit(X[rows], y, sample_weight=weight).predict(X)
    some = est.fit(X[:300], y[:300], sample_weight=weight[:300]).predict(X)
    np.testing.assert_allclose(all_rows, some)


def test_models_of_ones_own_are_not_asked():
    """Their target stays what it is: coefficients keep their meaning."""
    for model in (Ridge(), "linear", "random_forest"):
        assert WinduEstimator(model).fit(X, Y).label_encoder_ is None


def test_ordinary_targets_are_not_asked():
    """No work where the tail is not heavy."""
    _, y = load_diabetes(return_X_y=True)
    assert not has_heavy_tail(y)
    assert not has_heavy_tail(np.log(Y))
    assert not has_heavy_tail(-Y)
    assert not has_heavy_tail(np.zeros(9))
    assert has_heavy_tail(Y)
    assert has_heavy_tail(Y.astype(int))


def test_search_over_label_encoders():
    """For a model of one's own, a search decides by cross-validation."""
    search = GridSearchCV(
        WinduEstimator("linear", task="regression"),
        {"label_encoder": [None, "log1p", PowerTransformer()]},
        cv=3,
    ).fit(X, Y)
    assert search.best_params_["label_encoder"] is not None
    assert r2_score(Y, search.predict(X)) > 0.9
    assert cross_val_score(
        WinduEstimator("linear", label_encoder="log1p"), X, Y, scoring="r2", cv=3
    ).min() == pytest.approx(search.cv_results_["mean_test_score"][1], abs=0.1)
    est = WinduEstimator("linear", label_encoder="log1p")
    assert (
        est.set_params(label_encoder__scale=10.0).fit(X, Y).label_encoder_.scale == 10
    )


@pytest.mark.parametrize("weight", [None, np.full(4, 3.0)])
def test_a_gain_is_clear_beyond_its_standard_error(weight):
    """Logarithms must pay by more than chance."""
    plain, by_log = np.array([4.0, 4, 4, 4]), np.array([1.0, 5, 3, 5])
    saved = (plain - by_log) / 4
    gain = _gain(plain, by_log, weight)
    assert gain.mean == pytest.approx(saved.mean())
    assert gain.error == pytest.approx(saved.std() / np.sqrt(4))
    assert 0 < gain.mean < gain.error
    assert not gain.clear
    assert _gain(plain, by_log / 2, weight).clear
