"""What is told of held-back rows beside the scores."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from windu import WinduEstimator
from windu.evaluation import details_of, importance_of
from windu.evaluation.details import cuts, reliability
from windu.evaluation.held_out import plain, read_held_out, sampled

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=400), "b": RNG.normal(size=400)})
NOISY = X["a"] + RNG.normal(size=400) / 2
TARGETS = {
    "binary": np.where(NOISY > 0, "yes", "no"),
    "multiclass": pd.cut(NOISY, 3, labels=["low", "mid", "high"]).astype(str),
    "multilabel": pd.DataFrame({"up": NOISY > 0, "big": NOISY.abs() > 1}),
    "regression": NOISY,
    "outputs": pd.DataFrame({"one": NOISY, "two": -2 * NOISY}),
}


def halves(task):
    """Return a fitted estimator, and rows that it has not seen."""
    y = TARGETS[task]
    first = y[:200] if task == "binary" else y.iloc[:200]
    rest = y[200:] if task == "binary" else y.iloc[200:].reset_index(drop=True)
    est = WinduEstimator("linear", random_state=0).fit(X[:200], first)
    return est, X[200:].reset_index(drop=True), rest


@pytest.mark.parametrize("task", TARGETS)
def test_plain_for_every_task(task):
    """It is JSON without NaN, and each row is counted."""
    found = details_of(*halves(task))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["rows"] == 200
    if task in ("regression", "outputs"):
        names = ["one", "two"] if task == "outputs" else ["a"]
        assert list(found["residuals"]) == names
    else:
        assert sum(found["calibration"]["rows"]) in (200, 400)


def test_classes():
    """Precision, recall and the matrix are scikit-learn's."""
    est, rows, y = halves("multiclass")
    found = details_of(est, rows, y)
    labels = list(est.classes_)
    expected = confusion_matrix(y, est.predict(rows), labels=labels)
    assert found["confusion"] == expected.tolist()
    recall = expected[1, 1] / expected[1].sum()
    assert found["classes"][labels[1]]["recall"] == pytest.approx(recall)


def test_a_class_that_was_never_trained_on():
    """It is counted, and in no row of the table."""
    est, rows, y = halves("binary")
    y = np.concatenate([["maybe"] * 3, y[3:]])
    found = details_of(est, rows, y)
    assert found["unknown"] == 3
    assert np.sum(found["confusion"]) == 197


def test_many_classes():
    """More than 50 have a table, but no matrix."""
    y = pd.Series([f"c{i % 60}" for i in range(400)])
    est = WinduEstimator("k_neighbors").fit(X, y)
    found = details_of(est, X, y)
    assert len(found["classes"]) == 60
    assert "confusion" not in found


@pytest.mark.parametrize(
    ("scores", "happened", "error"),
    [
        ([0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], 0.0),
        ([1.0, 1.0, 0.0], [0, 0, 0], 2 / 3),
        ([0.95, 0.05], [1, 0], 0.05),
    ],
)
def test_calibration_error(scores, happened, error):
    """Mean distance of probability and share, weighted by rows."""
    found = reliability(np.array(scores), np.array(happened, dtype=bool))
    assert found["error"] == pytest.approx(error)


def test_cuts():
    """The curve has the score of the plain decision at one half."""
    est, rows, y = halves("binary")
    found = cuts(est, read_held_out(est, rows, y))
    expected = balanced_accuracy_score(y, est.predict(rows))
    assert found["used"] == [0.5]
    assert found["score"] == pytest.approx(expected, abs=1e-5)
    assert len(found["curve"]["threshold"]) <= 101
    assert cuts(*_seen("multiclass")) is None
    est = est.replace(threshold=0.9)
    assert cuts(est, read_held_out(est, rows, y))["used"] == [0.9]
    one = y == "yes"
    json.dumps(details_of(est, rows[one], y[one]), allow_nan=False)


def _seen(task):
    est, rows, y = halves(task)
    return est, read_held_out(est, rows, y)


def test_residuals():
    """Counts of rows, and quantiles of what is left."""
    est, rows, y = halves("outputs")
    found = details_of(est, rows, y)["residuals"]["two"]
    rest = y["two"].to_numpy() - est.predict(rows)[:, 1]
    assert found["quantiles"]["0.5"] == pytest.approx(np.median(rest))
    assert 190 <= np.sum(found["joint"]["rows"]) <= 200
    constant = y.assign(two=0.0)
    json.dumps(details_of(est, rows, constant), allow_nan=False)


def test_importance():
    """The column that counts comes first; wide tables are left alone."""
    est, rows, y = halves("binary")

    def scorer(one, X, y):
        return one.score(X, y)

    found = importance_of(est, rows, y, scorer=scorer, rows=50)
    assert found["rows"] == 50
    assert list(found["columns"]) == ["a", "b"]
    assert found == importance_of(est, rows, y, scorer=scorer, rows=50)
    wide = pd.DataFrame(np.zeros((10, 201)))
    assert importance_of(None, wide, y, scorer=scorer) is None


def test_small_functions():
    """Samples are in order and the same each time; what is no number is None."""
    assert sampled(3, 5).tolist() == [0, 1, 2]
    assert np.array_equal(sampled(100, 9), np.sort(sampled(100, 9)))
    assert plain([1 / 3, np.nan, np.inf]) == [0.333333, None, None]
