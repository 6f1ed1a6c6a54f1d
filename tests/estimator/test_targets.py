"""y in every form, and back in the form it came in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from windu import WinduEstimator
from windu.exceptions import PartError, TargetError

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(90, 3)), columns=["a", "b", "c"])
LOW = (X["a"] < -0.4).to_numpy()
HIGH = (X["a"] > 0.4).to_numpy()
CODES = np.where(HIGH, 2, np.where(LOW, 0, 1))
THREE = np.array(["low", "mid", "top"])[CODES]

COLUMNS = {
    "objects": (THREE.astype(object), "multiclass"),
    "fixed-width texts": (THREE, "multiclass"),
    "list": (THREE.tolist(), "multiclass"),
    "Series of str": (pd.Series(THREE), "multiclass"),
    "one-column frame": (pd.DataFrame({"y": THREE}), "multiclass"),
    "categories": (
        pd.Series(pd.Categorical(THREE, ["top", "mid", "low"])),
        "multiclass",
    ),
    "polars": (pl.Series(THREE), "multiclass"),
    "whole numbers": (CODES, "multiclass"),
    "whole floats": (CODES.astype(float), "multiclass"),
    "nullable integers": (pd.Series(CODES, dtype="Int64"), "multiclass"),
    "booleans": (HIGH, "binary"),
    "nullable booleans": (pd.Series(HIGH, dtype="boolean"), "binary"),
    "0 and 1": (HIGH.astype(int), "binary"),
    "-1 and 1": (np.where(HIGH, 1, -1), "binary"),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_columns_of_classes(form):
    """Labels come back as they were; classes_ and columns of probabilities agree."""
    y, task = COLUMNS[form]
    est = WinduEstimator("linear").fit(X, y)
    assert est.task_ == task
    predicted = est.predict(X)
    given = np.asarray(y.to_pandas() if form == "polars" else y).ravel()
    assert set(predicted) <= set(given)
    assert np.mean(predicted == given) > 0.9
    if given.dtype != object:
        assert predicted.dtype == given.dtype
    best = est.classes_[est.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(best, predicted)


INDICATOR = np.column_stack([LOW, HIGH, LOW | HIGH]).astype(int)
LABELS = [[n for n, on in zip("lhe", row, strict=True) if on] for row in INDICATOR]


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10),
        LogisticRegression(),
        "k_neighbors",
    ],
    ids=lambda model: type(model).__name__,
)
def test_multilabel_of_every_model(model):
    """Probabilities of yes have one column a label, whether the model knows labels."""
    est = WinduEstimator(model).fit(X, INDICATOR)
    assert est.task_ == "multilabel"
    probabilities = est.predict_proba(X)
    assert probabilities.shape == INDICATOR.shape
    np.testing.assert_array_equal(est.predict(X), (probabilities > 0.5).astype(int))
    assert est.score(X, INDICATOR) > 0.7


def test_multilabel_frame_comes_back_as_a_frame():
    """Yes/no columns keep their words, names, dtypes and the index of X."""
    y = pd.DataFrame(np.where(INDICATOR, "yes", "no"), columns=["low", "high", "any"])
    est = WinduEstimator("decision_tree").fit(X, y)
    new = X.set_axis(range(100, 190))
    predicted = est.predict(new)
    pd.testing.assert_frame_equal(predicted, y.set_axis(new.index))
    assert est.classes_.tolist() == ["low", "high", "any"]


@pytest.mark.parametrize("container", [list, tuple, set])
@pytest.mark.parametrize("outer", [list, pd.Series])
def test_multilabel_lists_come_back_as_lists(container, outer):
    """Lists of labels, also empty ones."""
    y = outer([container(labels) for labels in LABELS])
    est = WinduEstimator("decision_tree").fit(X, y)
    assert est.classes_.tolist() == ["e", "h", "l"]
    assert [set(labels) for labels in est.predict(X)] == [set(labels) for labels in y]
    assert all(type(labels) is container for labels in est.predict(X))
    assert est.score(X, y) == 1.0


def test_multilabel_with_a_label_that_never_varies():
    """A rare label that the training rows lack is a constant, not a crash."""
    y = np.column_stack([INDICATOR, np.zeros(len(X), dtype=int)])
    est = WinduEstimator("linear").fit(X, y)
    assert est.predict_proba(X).shape == y.shape
    assert not est.predict(X)[:, 3].any()


def test_several_outputs_of_regression():
    """One model a target, where the model knows one only."""
    Y = X[["a", "b"]].to_numpy() * 2.5
    for model in ("linear", "hist_gradient_boosting", "random_forest"):
        est = WinduEstimator(model, random_state=0).fit(X, Y)
        assert est.task_ == "regression"
        assert est.predict(X).shape == Y.shape
        assert est.score(X, Y) > 0.5


class ZeroBased(LogisticRegression):
    """A model that wants classes 0..k-1, as XGBoost does."""

    def fit(self, X, y, sample_weight=None):
        assert np.array_equal(np.unique(y), np.arange(len(np.unique(y))))
        return super().fit(X, y, sample_weight)


def test_models_that_want_zero_based_classes():
    """The label encoder stands before every classifier."""
    est = WinduEstimator(ZeroBased()).fit(X, THREE)
    assert set(est.predict(X)) == set(THREE)


@pytest.mark.parametrize("order", [("low", "mid", "top"), ("mid", "top", "low")])
def test_class_weight_in_any_order(order):
    """The order of a dict says nothing about which weight is whose."""
    weights = {label: {"low": 5, "mid": 1, "top": 0.2}[label] for label in order}
    est = WinduEstimator(LogisticRegression(class_weight=weights), transformer=None)
    est.fit(X, THREE)
    assert {
        est.classes_[code]: weight for code, weight in est.model_.class_weight.items()
    } == weights


def test_class_weight_is_written_by_label():
    """Weights by label mean the same as with the bare model."""
    weights = {"low": 5.0, "mid": 1.0, "top": 1.0}
    est = WinduEstimator(LogisticRegression(class_weight=weights), transformer=None)
    bare = LogisticRegression(class_weight=weights).fit(X, THREE)
    np.testing.assert_allclose(
        est.fit(X, THREE).predict_proba(X), bare.predict_proba(X)
    )
    wrong = WinduEstimator(LogisticRegression(class_weight={"lo": 5}))
    with pytest.raises(PartError, match=r"must name classes of y.*Got \['lo'\]"):
        wrong.fit(X, THREE)


@pytest.mark.parametrize("seed", range(3))
def test_sorted_target_is_stratified(seed):
    """scikit-learn's splitters stratify before the task is known."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import cross_val_score

    data = load_iris()
    scores = cross_val_score(
        WinduEstimator("linear", random_state=seed), data.data, data.target, cv=3
    )
    assert scores.min() > 0.9


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, *THREE[1:]], r"contains NaN.*1 of 90 rows.*rows \[0\]"),
        (pd.Series(THREE).where(HIGH), "contains NaN.*and .* more"),
        (np.where(HIGH, np.inf, 0.5), "contains infinity"),
        (["same"] * 90, "at least two classes.*one class, 'same', in all 90 rows"),
        (
            THREE[:80],
            r"same number of rows.*inconsistent numbers of samples: \[90, 80\]",
        ),
        ([1, "a", 2.5] * 30, "labels of y must be of one type"),
        (np.column_stack([THREE, CODES.astype(str)]), "several columns"),
        (pd.Series(THREE[::-1], index=X.index[::-1]), "same order"),
    ],
)
def test_bad_targets(y, message):
    """A target that cannot be used says which rows and why."""
    with pytest.raises(TargetError, match=message):
        WinduEstimator("linear").fit(X, y)


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [
        ("regression", THREE, "Regression needs numbers. Got '"),
        ("binary", THREE, "needs two classes; got 3: 'low', 'mid', 'top'"),
        ("multilabel", THREE, "needs an indicator matrix"),
        ("binary", INDICATOR, "needs one column of classes"),
        ("multiclass", X["a"], "continuous"),
    ],
)
def test_task_and_target_must_fit(task, y, message):
    """A given task is held to."""
    with pytest.raises(TargetError, match=message):
        WinduEstimator("linear", task=task).fit(X, y)


def test_model_and_task_must_fit():
    """A regressor has no classes."""
    with pytest.raises(TargetError, match="Got a regressor for task='binary'"):
        WinduEstimator("Ridge", task="binary").fit(X, HIGH)
