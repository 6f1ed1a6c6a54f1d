"""Searches over LightGBM, XGBoost and CatBoost, each where it is installed."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import PredefinedSplit

from windu import (
    OptunaSearchCV,
    WinduEstimator,
    default_space,
    from_yaml,
    load,
    save,
    to_yaml,
)

REASON = "an optional model"
#: By model: its rounds, how it is told to stop, and what keeps it small.
BOOSTERS = {
    "lightgbm": (
        "n_estimators",
        {"early_stopping_round": 3, "min_child_samples": 5, "num_leaves": 7},
    ),
    "xgboost": ("n_estimators", {"early_stopping_rounds": 3, "max_depth": 3}),
    "catboost": ("iterations", {"early_stopping_rounds": 3, "depth": 3}),
}

LOAD = """
import json, sys
import pandas as pd
from windu import load
table = pd.read_parquet(sys.argv[2])
print(json.dumps(load(sys.argv[1]).predict_proba(table).tolist()))
"""


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": rng.normal(size=120), "z": rng.choice(["a", "b", None], 120)}
    )


def target_of(X, task):
    noisy = X["x"] + np.random.default_rng(1).normal(scale=0.5, size=len(X))
    if task == "regression":
        return noisy * 10 + 3
    if task == "multiclass":
        return pd.cut(noisy, [-9, -0.4, 0.4, 9], labels=["low", "mid", "top"]).astype(
            object
        )
    if task == "multilabel":
        return np.column_stack([noisy > 0, X["z"].eq("a")]).astype(int)
    return np.where(noisy > 0, "yes", "no")


def searched(library, X, y, *, cv=3, **fit):
    rounds, options = BOOSTERS[library]
    given = options | {rounds: 150, "learning_rate": 0.3}
    return OptunaSearchCV(
        WinduEstimator(library, random_state=0),
        {f"model__{name}": [value] for name, value in given.items()},
        n_trials=1,
        cv=cv,
    ).fit(X, y, **fit)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("library", BOOSTERS)
def test_early_stopping(library, task, X):
    """Encoded targets stop the folds; the refit takes the mean of their rounds."""
    pytest.importorskip(library, reason=REASON)
    y = target_of(X, task)
    search = searched(library, X, y)
    found = search.study_.best_trial.user_attrs["result"]["rounds"]
    assert len(found) == 3
    assert max(found) < 150
    model = search.best_estimator_.model_
    trees = {
        "lightgbm": lambda: model.n_iter_,
        "xgboost": lambda: model.get_booster().num_boosted_rounds(),
        "catboost": lambda: model.tree_count_,
    }[library]()
    assert trees == round(np.mean(found)) == model.get_params()[BOOSTERS[library][0]]
    if task != "regression":
        assert set(search.predict(X)) <= set(y)


@pytest.mark.slow
@pytest.mark.parametrize("library", BOOSTERS)
def test_weights_of_held_out_rows(library, X):
    """Weights of the held-out rows alone decide where boosting stops."""
    pytest.importorskip(library, reason=REASON)
    y = target_of(X, "binary")
    rows = np.arange(120)
    cv = PredefinedSplit(np.where(rows < 80, -1, 0))
    found = set()
    for few in (rows >= 80, rows >= 117, (rows >= 80) & (rows < 83)):
        weight = np.where((rows < 80) | few, 1.0, 0.001)
        search = searched(library, X, y, cv=cv, sample_weight=weight)
        found |= {*search.study_.best_trial.user_attrs["result"]["rounds"]}
    assert len(found) > 1


@pytest.mark.slow
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_default_space(task, X):
    """All of them are there, and take what they are given."""
    for library in BOOSTERS:
        pytest.importorskip(library, reason=REASON)
    y = target_of(X, task)
    est = WinduEstimator(task=task, random_state=0)
    blocks = default_space(est, X, y)
    models = [block["model"][0] for block in blocks]
    assert set(BOOSTERS) < set(models)
    # LightGBM takes its place.
    assert "hist_gradient_boosting" not in models
    few = [
        block | {f"model__{BOOSTERS[block['model'][0]][0]}": [4]}
        for block in blocks
        if block["model"][0] in BOOSTERS
    ]
    search = OptunaSearchCV(est, few, sampler="random", n_trials=6, cv=2, pruner=None)
    search.fit(X, y)
    assert set(search.cv_results_["error"]) == {""}


@pytest.mark.parametrize(("n_classes", "deepest"), [(5, 8), (6, 6)])
def test_trees_of_catboost_are_less_deep_for_many_classes(X, n_classes, deepest):
    """A round of one fold would take half a second."""
    pytest.importorskip("catboost", reason=REASON)
    y = np.arange(len(X)) % n_classes
    (block,) = default_space(WinduEstimator("catboost"), X, y.astype(str))
    assert block["model__depth"] == {"int": [4, deepest]}


@pytest.mark.slow
def test_ensemble_in_a_fresh_process(tmp_path, X):
    """An ensemble of the three is stored, and loads without a word of trust."""
    for library in BOOSTERS:
        pytest.importorskip(library, reason=REASON)
    blocks = [
        {"model": [library], f"model__{rounds}": [30]}
        | {f"model__{name}": [value] for name, value in options.items()}
        for library, (rounds, options) in BOOSTERS.items()
    ]
    search = OptunaSearchCV(
        WinduEstimator(random_state=0, n_jobs=1),
        blocks,
        sampler="grid",
        cv=3,
        scoring="neg_log_loss",
        ensemble=True,
    ).fit(X, target_of(X, "binary"))
    assert len(search.ensemble_) > 1
    path, table = tmp_path / "best.windu", tmp_path / "table.parquet"
    save(search.best_estimator_, path)
    X.to_parquet(table)
    wanted = search.predict_proba(X)
    assert np.array_equal(load(path).predict_proba(X), wanted)
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(path), str(table)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert np.array_equal(json.loads(run.stdout), wanted)


@pytest.mark.slow
@pytest.mark.parametrize("library", BOOSTERS)
def test_a_threshold_is_chosen_on_fits_of_the_rounds_found(library, X):
    """The fits behind a threshold hold out no rows; YAML has what the search chose."""
    pytest.importorskip(library, reason=REASON)
    y = target_of(X, "binary")
    rounds, options = BOOSTERS[library]
    search = OptunaSearchCV(
        WinduEstimator(library, threshold="f1", random_state=0),
        {
            f"model__{name}": [value]
            for name, value in (options | {rounds: 150, "learning_rate": 0.3}).items()
        },
        n_trials=1,
        cv=3,
    ).fit(X, y)
    assert search.cv_results_["state"].tolist() == ["complete"]
    best = search.best_estimator_
    assert best.model_.get_params()[rounds] < 150
    again = from_yaml(to_yaml(best)).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), best.predict_proba(X))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("threshold", [None, "f1"])
def test_stopping_inside_of_a_model(X, model, threshold):
    """Boosting inside of calibration has no rows to stop by, and goes without."""
    boosters = pytest.importorskip(model, reason=REASON)
    cls = {"lightgbm": "LGBMClassifier", "xgboost": "XGBClassifier"}[model]
    name = "early_stopping_round" + ("s" if model == "xgboost" else "")
    inner = getattr(boosters, cls)(n_estimators=7, **{name: 3})
    est = WinduEstimator(CalibratedClassifierCV(inner, cv=2), threshold=threshold)
    y = target_of(X, "binary")
    search = OptunaSearchCV(est, {"model__method": ["sigmoid"]}, cv=2).fit(X, y)
    assert search.cv_results_["state"].tolist() == ["complete"]
    fitted = search.best_estimator_.model_.calibrated_classifiers_[0].estimator
    assert not fitted.get_params()[name]
