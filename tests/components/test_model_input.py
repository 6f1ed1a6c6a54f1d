"""Models with categories of their own, and names that a library refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from windu import WinduEstimator, load, save

RNG = np.random.default_rng(0)
N = 300
LETTERS = RNG.choice(["A", "B", "C"], N)
NUMBERS = RNG.normal(size=N)
Y = np.where(LETTERS == "C", "yes", "no")

MODELS = {
    "HistGradientBoosting": ("sklearn.ensemble", HistGradientBoostingClassifier),
    "LightGBM": ("lightgbm", lambda: boosters("lightgbm").LGBMClassifier(verbose=-1)),
    "XGBoost": ("xgboost", lambda: boosters("xgboost").XGBClassifier()),
    "CatBoost": (
        "catboost",
        lambda: boosters("catboost").CatBoostClassifier(
            iterations=30, verbose=0, allow_writing_files=False
        ),
    ),
}


def boosters(name):
    """Return a library, or skip where it is not installed."""
    return pytest.importorskip(name)


@pytest.fixture(params=MODELS)
def model(request):
    """A model that has categories of its own."""
    return MODELS[request.param][1]()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["category", "str", "object"])
@pytest.mark.parametrize("parts", [{"featurizer": None, "transformer": None}, {}])
def test_unseen_levels_are_as_missing(model, dtype, parts):
    """Whatever stands before the model, and whichever way the row comes in."""
    parts = parts or {"transformer": None}
    X = pd.DataFrame({"c": pd.Series(LETTERS).astype(dtype), "x": NUMBERS})
    est = WinduEstimator(model, **parts, random_state=0).fit(X, Y)
    assert est.score(X, Y) == 1
    expected = est.predict_proba(X.head(9))
    for table in (
        X.head(9).astype({"c": "str"}),
        X.head(9).astype({"c": "category"}),
        X.head(9).to_dict("records"),
    ):
        np.testing.assert_array_equal(est.predict_proba(table), expected)
    levels = pd.DataFrame({"c": [None, "Z", "other", ""], "x": [0.5] * 4})
    unseen = est.predict_proba(levels)
    np.testing.assert_array_equal(unseen, np.repeat(unseen[:1], 4, axis=0))


def test_categories_of_a_batch_do_not_count():
    """A featurizer that makes categories of each batch gives those of training."""

    def categories(frame):
        return frame.assign(c=frame["c"].astype("category"))

    est = WinduEstimator(
        HistGradientBoostingClassifier(), featurizer=categories, transformer=None
    )
    X = pd.DataFrame({"c": LETTERS, "x": NUMBERS})
    est.fit(X, Y)
    at = np.flatnonzero(LETTERS == "C")[:3]
    np.testing.assert_array_equal(
        est.predict_proba(X.iloc[at]), est.predict_proba(X)[at]
    )


ODD = {"price [EUR]": NUMBERS, "a:b,<c>": RNG.normal(size=N), "a_b__c_": NUMBERS**2}


@pytest.mark.parametrize("transformer", ["auto", None])
def test_odd_names(model, transformer, tmp_path):
    """They are cleaned for the library alone, and stay the names of the table."""
    X = pd.DataFrame(ODD)
    y = np.where(NUMBERS > 0, "a", "b")
    est = WinduEstimator(model, transformer=transformer, random_state=0).fit(X, y)
    assert est.score(X, y) > 0.95
    assert list(est.feature_names_in_) == list(ODD)
    again = load(save(est, tmp_path / "odd.windu"))
    np.testing.assert_array_equal(again.predict_proba(X), est.predict_proba(X))


def test_categories_are_stored(tmp_path):
    """A model with categories of its own loads with the levels of training."""
    X = pd.DataFrame({"c": LETTERS, "x": NUMBERS})
    for name in ("HistGradientBoosting", "LightGBM", "XGBoost"):
        if pytest.importorskip(MODELS[name][0]):
            est = WinduEstimator(MODELS[name][1](), transformer=None).fit(X, Y)
            again = load(save(est, tmp_path / f"{name}.windu"))
            row = {"c": "C", "x": 0.0}
            np.testing.assert_array_equal(
                again.predict_proba(row), est.predict_proba(row)
            )
