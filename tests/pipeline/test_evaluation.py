"""Scores by name and by task."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from windu import TrainingPipeline, WinduEstimator
from windu.datasets import load_penguins
from windu.exceptions import PartError, WinduWarning
from windu.pipeline import evaluate
from windu.pipeline.evaluation import (
    DEFAULTS,
    check_evaluation,
    check_scores,
    options_of,
)
from windu.pipeline.result import classes_table, metrics_table

TABLE = load_penguins().frame
X = TABLE.drop(columns="species")
LABELS = [
    [name for name, has in (("heavy", mass > 4000), ("long", long > 45)) if has]
    + (["old"] if year == 2007 else [])
    for mass, long, year in zip(
        TABLE["body_mass_g"], TABLE["bill_length_mm"], TABLE["year"], strict=True
    )
]
TARGETS = {
    "binary": np.where(TABLE["species"] == "Adelie", "yes", "no"),
    "multiclass": TABLE["species"],
    "multilabel": LABELS,
    "regression": TABLE["year"] + TABLE["body_mass_g"].fillna(0) / 7,
}


def _part(y, start):
    return y[start::2] if isinstance(y, list) else np.asarray(y)[start::2]


@pytest.mark.parametrize("task", TARGETS)
def test_defaults(task):
    """Every score of a task is a number; classes have a table."""
    y = TARGETS[task]
    est = WinduEstimator("linear", task=task).fit(X[::2], _part(y, 0))
    held = {"test": (X[1::2], _part(y, 1))}
    found = evaluate(est, held, None)
    assert all(isinstance(found[f"test.{name}"], float) for name in DEFAULTS[task])
    assert list(metrics_table(found)) == ["test"]
    if task in ("binary", "multiclass"):
        assert sum(one["rows"] for one in found["test"]["classes"].values()) == len(
            X[1::2]
        )
        assert np.sum(found["test"]["confusion"]) == len(X[1::2])


def test_values():
    """They are scikit-learn's; a loss is positive, the positive class the second."""
    y = TARGETS["binary"]
    est = WinduEstimator("linear").fit(X[::2], y[::2])
    held = {"dev": (X[1::2], y[1::2])}
    found = evaluate(est, held, ["log_loss", "neg_log_loss", "f1", "roc_auc"])
    scores = est.predict_proba(X[1::2])
    loss = metrics.log_loss(y[1::2], scores, labels=est.classes_)
    assert found["dev.log_loss"] == -found["dev.neg_log_loss"] == pytest.approx(loss)
    predicted = est.predict(X[1::2])
    assert found["dev.f1"] == metrics.f1_score(y[1::2], predicted, pos_label="yes")
    assert found["dev.roc_auc"] == metrics.roc_auc_score(y[1::2] == "yes", scores[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize("n_labels", [2, 3])
def test_values_of_several_labels(n_labels):
    """Two labels are no two classes; the log-loss is the mean over the labels."""
    y = [[label for label in row if n_labels == 3 or label != "old"] for row in LABELS]
    est = WinduEstimator("linear", task="multilabel").fit(X[::2], y[::2])
    names = ["roc_auc", "log_loss", "brier_score", "f1_macro"]
    found = evaluate(est, {"test": (X[1::2], y[1::2])}, names, importance=50)
    true = est.label_encoder_.transform(y[1::2])
    given = est.predict_proba(X[1::2])
    assert found["test.roc_auc"] == metrics.roc_auc_score(true, given)
    losses = {"log_loss": metrics.log_loss, "brier_score": metrics.brier_score_loss}
    for name, loss in losses.items():
        each = [loss(true[:, i], given[:, i]) for i in range(n_labels)]
        assert found[f"test.{name}"] == np.mean(each)
    assert len(found["importance"]["columns"]) == X.shape[1]


def test_what_cannot_be_scored():
    """Names, models without probabilities, rows of one class."""
    with pytest.raises(PartError, match="Did you mean 'log_loss'"):
        check_scores(["log_los"])
    y = TARGETS["binary"]
    est = WinduEstimator("SVC").fit(X[::2], y[::2])
    held = {"test": (X[1::2], y[1::2])}
    assert "test.log_loss" not in evaluate(est, held, None)
    with pytest.raises(PartError, match="'log_loss' must be one that the model can"):
        evaluate(est, held, ["log_loss"])
    few = y[1::2] == "yes"
    est = WinduEstimator("linear").fit(X[::2], y[::2])
    with pytest.warns(UndefinedMetricWarning, match="Only one class"):
        found = evaluate(est, {"test": (X[1::2][few], y[1::2][few])}, ["roc_auc"])
    assert found["test.roc_auc"] is None
    y3 = TARGETS["multiclass"].to_numpy()
    est = WinduEstimator("linear").fit(X[:200], y3[:200])
    with pytest.warns(WinduWarning, match="must be one that these rows have"):
        assert evaluate(est, {"t": (X, y3)}, ["log_loss"])["t.log_loss"] is None


def test_scores_that_never_come():
    """What the model cannot give is told before anything is read."""
    pipe = TrainingPipeline(
        WinduEstimator("SVC"), data="none.csv", target="y", evaluate=["log_loss"]
    )
    with pytest.raises(PartError, match="'log_loss' needs probabilities"):
        pipe.run()


def test_options():
    """Scores and importance by name; a wrong one is told when it is given."""
    assert options_of(check_evaluation(["f1"])) == (["f1"], True)
    given = {"scores": "f1", "importance": 20}
    assert options_of(check_evaluation(given)) == (["f1"], 20)
    assert options_of(check_evaluation({"importance": False})) == (None, False)
    with pytest.raises(PartError, match="Did you mean 'importance'"):
        check_evaluation({"importanc": False})
    for wrong in (0, -1, "no", 0.5):
        with pytest.raises(PartError, match="true, false or a number of rows"):
            check_evaluation({"importance": wrong})


@pytest.mark.slow
@pytest.mark.parametrize("task", TARGETS)
def test_importance(task):
    """Of the test part, for the first score."""
    y = TARGETS[task]
    est = WinduEstimator("linear", task=task).fit(X[::2], _part(y, 0))
    held = {"dev": (X[1::2], _part(y, 1)), "test": (X[1::2], _part(y, 1))}
    first = [DEFAULTS[task][0]]
    found = evaluate(est, held, first, importance=30)["importance"]
    assert (found["part"], found["rows"]) == ("test", 30)
    assert found["score"] == first[0]
    assert sorted(found["columns"]) == sorted(X.columns)


def test_table_of_classes():
    """Of the test part; a name that would steer a terminal is written out."""
    row = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "rows": 2}
    found = classes_table({"dev": {}, "test": {"classes": {"\x1b[31mred": row}}})
    assert found.index.tolist() == ["\\x1b[31mred"]
    assert found.columns.name == "test"
    assert classes_table({"test.r2": 1.0}).empty
