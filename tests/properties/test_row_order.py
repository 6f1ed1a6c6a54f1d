"""Rows in any order give the same model; one argument in another order gives none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, cross_validate
from sklearn.tree import DecisionTreeClassifier

from windu import (
    BoostedBlendClassifier,
    OptunaSearchCV,
    ThresholdSelector,
    WeightedEnsembleClassifier,
    WinduEstimator,
)
from windu.exceptions import PartError, TargetError, WinduWarning

LAW = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
#: From the number of rows to labels.
INDEXES = {
    "count": pd.RangeIndex,
    "numbers": lambda n: pd.Index(np.arange(n) * 3 + 7),
    "ids": lambda n: pd.Index(np.arange(n)[::-1] + 1000, name="id"),
    "texts": lambda n: pd.Index([f"row {i}" for i in range(n)]),
    "days": lambda n: pd.date_range("2024-02-01", periods=n),
    "fractions": lambda n: pd.Index(np.arange(n) / 8),
    "two levels": lambda n: pd.MultiIndex.from_product([["a", "b"], range(n)])[:n],
    "twice the same": lambda n: pd.Index(np.arange(n) // 2),
    "intervals": lambda n: pd.interval_range(0, n),
}


@st.composite
def tables(draw):
    """Draw X, y, weights and groups with one index, and an order of the rows."""
    n_rows = draw(st.integers(24, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    index = INDEXES[draw(st.sampled_from(sorted(INDEXES)))](n_rows)
    X = pd.DataFrame(
        {
            "whole": rng.integers(0, 9, n_rows),
            "value": rng.integers(0, 40, n_rows) / 4,
            "level": rng.choice(["a", "b", "c"], n_rows),
        },
        index=index,
    )
    rows = {
        "y": pd.Series(rng.permutation(np.arange(n_rows) % 2), index),
        # Sums of whole numbers do not depend on their order.
        "sample_weight": pd.Series(rng.integers(1, 4, n_rows).astype(float), index),
        "groups": pd.Series(rng.permutation(np.arange(n_rows) % 4), index),
        "costs": pd.Series(rng.integers(1, 9, n_rows).astype(float), index),
    }
    return X, rows, rng.permutation(n_rows)


def fitted(model, X, y, sample_weight, task="binary"):
    est = WinduEstimator(model, task=task, random_state=0)
    return est.fit(X, y, sample_weight=sample_weight)


@pytest.mark.slow
@LAW
@given(tables(), st.sampled_from(["decision_tree", "Ridge"]))
def test_rows_in_another_order_give_the_same_predictions(drawn, model):
    """X, y and weights are permuted together."""
    X, rows, order = drawn
    task = "regression" if model == "Ridge" else "binary"
    permuted = {name: values.iloc[order] for name, values in rows.items()}
    names = ("y", "sample_weight")
    one = fitted(model, X, *(rows[name] for name in names), task)
    two = fitted(model, X.iloc[order], *(permuted[name] for name in names), task)
    method = "predict" if model == "Ridge" else "predict_proba"
    found, again = (getattr(est, method)(X) for est in (one, two))
    np.testing.assert_allclose(found, again, rtol=1e-9, atol=1e-9)
    scores = one.score(X, rows["y"]), one.score(X.iloc[order], permuted["y"])
    assert scores[0] == pytest.approx(scores[1], rel=1e-9, abs=1e-9)


@pytest.mark.slow
@LAW
@given(tables())
def test_other_labels_of_all_rows_change_nothing(drawn):
    """The index checks rows; it is no value."""
    X, rows, order = drawn
    names = ("y", "sample_weight")
    labels = X.index[order]
    one = fitted("linear", X, *(rows[name] for name in names))
    two = fitted(
        "linear", X.set_axis(labels), *(rows[name].set_axis(labels) for name in names)
    )
    three = fitted("linear", X, *(rows[name].to_numpy() for name in names))
    expected = one.predict_proba(X)
    np.testing.assert_array_equal(two.predict_proba(X), expected)
    np.testing.assert_array_equal(three.predict_proba(X), expected)
    assert two.score(X.set_axis(labels), rows["y"].set_axis(labels)) == one.score(
        X, rows["y"]
    )


def cross_validated(splitter):
    def run(X, y, sample_weight, **_):
        return cross_validate(
            *(WinduEstimator(DecisionTreeClassifier()), X, y),
            cv=splitter,
            params={"sample_weight": sample_weight},
            error_score="raise",
        )

    return run


def fit_with_threshold(X, **rows):
    threshold = ThresholdSelector(scoring=None, cv=2, min_samples=0)
    return WinduEstimator("linear", threshold=threshold).fit(X, **rows)


def search(estimator, space):
    def run(X, y, sample_weight, groups, **_):
        chosen = OptunaSearchCV(estimator, space, n_trials=1, cv=GroupKFold(2))
        return chosen.fit(X, y, sample_weight=sample_weight, groups=groups)

    return run


def fit_windu(X, y, sample_weight, **_):
    return WinduEstimator("decision_tree").fit(X, y, sample_weight)


def score_windu(X, y, sample_weight, **_):
    est = WinduEstimator("decision_tree").fit(X, np.asarray(y))
    return est.score(X, y, sample_weight)


def fit_ensemble(X, y, sample_weight, **_):
    members = [WinduEstimator("decision_tree"), WinduEstimator("linear")]
    return WeightedEnsembleClassifier(members).fit(X, y, sample_weight)


def fit_blend(X, y, sample_weight, **_):
    model = BoostedBlendClassifier(max_iter=3)
    return model.fit(X[["whole", "value"]], y, sample_weight)


def fit_threshold(X, y, sample_weight, costs, **_):
    selector = ThresholdSelector(scoring=None, min_samples=0)
    return selector.fit(X["value"] / 10, y, sample_weight, costs)


WEIGHTED = ("y", "sample_weight")
DOORS = {
    "fit": (fit_windu, WEIGHTED),
    "fit with a threshold": (
        fit_with_threshold,
        ("y", "sample_weight", "groups", "costs"),
    ),
    "score": (score_windu, WEIGHTED),
    "ThresholdSelector": (fit_threshold, (*WEIGHTED, "costs")),
    "OptunaSearchCV": (
        search(WinduEstimator(), {"model": ["decision_tree"]}),
        (*WEIGHTED, "groups"),
    ),
    "OptunaSearchCV of scikit-learn": (
        search(LogisticRegression(), {"C": [1.0]}),
        (*WEIGHTED, "groups"),
    ),
    "KFold": (cross_validated(KFold(2)), WEIGHTED),
    "shuffled KFold": (
        cross_validated(KFold(3, shuffle=True, random_state=0)),
        WEIGHTED,
    ),
    "StratifiedKFold": (cross_validated(StratifiedKFold(3)), WEIGHTED),
    "ensemble": (fit_ensemble, WEIGHTED),
    "blend": (fit_blend, WEIGHTED),
}


@pytest.mark.parametrize("door", DOORS)
@settings(LAW, max_examples=12)
@given(tables(), st.data())
def test_one_argument_in_another_order_is_refused(door, drawn, data):
    """Rows that all have one index are taken; any other order of one is not."""
    call, names = DOORS[door]
    X, rows, order = drawn
    name = data.draw(st.sampled_from(names))
    if data.draw(st.booleans()):
        # The smallest mistake.
        first, second = order[:2]
        order = np.arange(len(X))
        order[[first, second]] = second, first
    permuted = rows[name].iloc[order]
    assume(not permuted.index.equals(X.index))
    # A doubtful order, of which windu warns, is an error in tests.
    with pytest.raises((TargetError, PartError, WinduWarning), match=name):
        call(X, **(rows | {name: permuted}))


@pytest.mark.slow
@pytest.mark.parametrize("door", sorted({*DOORS} - {"OptunaSearchCV of scikit-learn"}))
@settings(LAW, max_examples=4)
@given(tables())
def test_rows_with_one_index_are_taken(door, drawn):
    """Whatever the labels are, and however they are ordered."""
    X, rows, order = drawn
    DOORS[door][0](
        X.iloc[order], **{name: value.iloc[order] for name, value in rows.items()}
    )
