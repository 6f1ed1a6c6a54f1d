"""Ensembles of trials: laws of the selection, and all tasks through a search."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import KFold
from skops import io as skops_io

from windu import OptunaSearchCV, WinduEstimator, load, save, trusted_types
from windu.search.ensembles import select

SPACE = [
    {"model": ["linear"]},
    {"model": ["decision_tree"], "model__max_depth": [1, 4]},
    {"model": ["extra_trees"], "model__n_estimators": [5, 9]},
]


LABELS = ["up", "a", "far"]


@st.composite
def libraries(draw):
    """Return outputs of candidates in two folds, the truth, and costs."""
    n = draw(st.integers(1, 7))
    values = st.floats(-3, 3, width=16)
    outputs = {
        name: [
            np.array(draw(st.lists(values, min_size=size, max_size=size)))
            for size in (4, 3)
        ]
        for name in range(n)
    }
    costs = {name: draw(st.floats(0, 5, width=16)) for name in range(n)}
    return outputs, costs


def score(folds):
    truths = np.linspace(-1, 1, 4), np.linspace(1, -1, 3)
    errors = [((a - b) ** 2).mean() for a, b in zip(folds, truths, strict=True)]
    return -float(np.mean(errors))


@given(libraries(), st.integers(1, 4), st.floats(0, 12, width=16))
def test_laws_of_selection(library, at_most, budget):
    """Never worse than the best candidate, and within its bounds."""
    outputs, costs = library
    weights, found = select(outputs, score, at_most=at_most, costs=costs, budget=budget)
    assert found >= max(score(folds) for folds in outputs.values())
    assert set(weights) <= set(outputs)
    assert min(weights.values()) > 0
    assert sum(weights.values()) == pytest.approx(1)
    assert len(weights) <= at_most
    # One alone may cost what it costs: it was let in by its own bound.
    assert len(weights) == 1 or sum(costs[name] for name in weights) <= budget
    averaged = [
        sum(weight * outputs[name][fold] for name, weight in weights.items())
        for fold in range(2)
    ]
    assert score(averaged) == pytest.approx(found)


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": rng.normal(size=120), "z": rng.choice(["a", "b", None], 120)}
    )


def target_of(X, kind):
    noisy = X["x"] + np.random.default_rng(1).normal(scale=0.6, size=len(X))
    named = np.where(noisy > 0, "yes", "no")
    flags = np.column_stack([noisy > 0, X["z"].eq("a"), noisy > 1]).astype(int)
    return {
        "binary": named,
        "multiclass": np.where(noisy > 0.7, "very", named),
        "indicator": flags,
        "frame": pd.DataFrame(flags, columns=LABELS),
        "two labels": pd.DataFrame(flags[:, :2], columns=LABELS[:2]),
        "lists": [[n for n, f in zip(LABELS, row, strict=True) if f] for row in flags],
        "amount": np.asarray(noisy) * 3 + 1,
        "amounts": pd.DataFrame({"one": noisy, "two": -2 * noisy}),
    }[kind]


def searched(X, y, *, est=None, space=SPACE, fit=(), **options):
    given = {"sampler": "grid", "cv": KFold(3), "pruner": None, "ensemble": True}
    if est is None:
        est = WinduEstimator(random_state=0, n_jobs=1)
    return OptunaSearchCV(est, space, **given | options).fit(X, y, **dict(fit))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "task", "scoring"),
    [
        ("binary", "binary", "neg_log_loss"),
        ("multiclass", "multiclass", "neg_log_loss"),
        ("indicator", "multilabel", "roc_auc"),
        ("frame", "multilabel", "roc_auc"),
        ("two labels", "multilabel", "roc_auc"),
        ("lists", "multilabel", None),
        ("amount", "regression", "neg_root_mean_squared_error"),
        ("amounts", "regression", "r2"),
    ],
)
def test_tasks(kind, task, scoring, X, tmp_path):
    """It is the weighted average of its members, and gives back what y was."""
    y = target_of(X, kind)
    est = WinduEstimator(task=task, random_state=0, n_jobs=1)
    search = searched(X, y, est=est, scoring=scoring)
    assert search.ensemble_score_ >= search.best_score_
    best = search.best_estimator_
    assert best.task_ == task
    predicted = search.predict(X)
    if task != "regression":
        assert type(predicted) is type(y)
    if kind == "frame":
        assert predicted.columns.tolist() == LABELS
    method = "predict" if task == "regression" else "predict_proba"
    results = search.cv_results_
    wanted = 0
    for number, weight in search.ensemble_.itertuples(index=False):
        params = results["params"][results["trial"].tolist().index(number)]
        member = clone(est).set_params(**params).fit(X, y)
        wanted = wanted + weight * np.asarray(getattr(member, method)(X))
    np.testing.assert_allclose(np.asarray(getattr(search, method)(X)), wanted)
    save(best, tmp_path / "best.windu")
    again = load(tmp_path / "best.windu").predict(X)
    plain = skops_io.loads(skops_io.dumps(best), trusted=trusted_types()).predict(X)
    for other in (again, plain):
        assert type(other) is type(predicted)
        np.testing.assert_array_equal(
            np.asarray(other, dtype=object), np.asarray(predicted, dtype=object)
        )


def test_class_weights_by_label(X):
    """Members know the labels as they are, not as codes."""
    y = target_of(X, "binary")
    space = [
        {
            "model": ["linear", "decision_tree"],
            "model__class_weight": [{"no": 1, "yes": 9}],
        },
    ]
    heavy = searched(X, y, space=space, scoring="neg_log_loss")
    assert set(heavy.cv_results_["error"]) == {""}
    plain = searched(X, y, space={"model": ["linear", "decision_tree"]})
    assert (heavy.predict(X) == "yes").sum() > (plain.predict(X) == "yes").sum()


@pytest.mark.slow
def test_weights_of_rows(X):
    """Weights reach the fits of the members."""
    y = target_of(X, "binary")
    weight = np.where(y == "yes", 20.0, 1.0)
    plain = searched(X, y, scoring="neg_log_loss")
    heavy = searched(X, y, scoring="neg_log_loss", fit={"sample_weight": weight})
    assert (
        heavy.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() + 0.1
    )


@pytest.mark.slow
def test_threshold(X):
    """The threshold is that of the ensemble, chosen on its own scores."""
    est = WinduEstimator(threshold="f1", task="binary", random_state=0, n_jobs=1)
    y = (target_of(X, "binary") == "yes").astype(int)
    search = searched(
        X, y, est=est, space={"model": ["linear", "GaussianNB"]}, scoring="neg_log_loss"
    )
    best = search.best_estimator_
    (cut,) = best.threshold_.thresholds_
    chosen = search.predict_proba(X)[:, 1] >= cut
    assert (search.predict(X) == chosen).all()
    members = getattr(best.model_, "estimators_", [])
    assert all(member.threshold_ is None for member in members)


@pytest.mark.slow
def test_resumed_search_has_the_same_ensemble(tmp_path, X):
    """What earlier runs predicted is computed again, to the same bits."""
    space = {"model": ["linear", "decision_tree", "GaussianNB"]}
    space["model__max_depth"] = {"int": [1, 6]}
    y = target_of(X, "binary")
    path = tmp_path / "search.db"

    def run(storage, n_trials):
        options = {"sampler": "tpe", "random_state": 1, "scoring": "neg_log_loss"}
        return searched(
            X, y, space=space, n_trials=n_trials, storage=storage, **options
        )

    whole = run(None, 7)
    assert len(whole.ensemble_) > 1
    run(path, 4)
    # The second one goes on, the third has nothing left to do.
    for resumed in (run(path, 7), run(path, 7)):
        assert resumed.ensemble_.equals(whole.ensemble_)
        assert resumed.ensemble_score_ == whole.ensemble_score_
        assert np.array_equal(resumed.predict_proba(X), whole.predict_proba(X))


def test_size_counts():
    """A large member must gain more than a small one."""
    truth = np.array([0.0, 1.0, 2.0, 3.0])
    outputs = {0: [truth + 0.9], 1: [truth - 0.9], 2: [truth - 0.902]}

    def score(folds):
        return 10 - abs(folds[0] - truth).sum()

    free, best = select(outputs, score, at_most=2)
    assert set(free) == {0, 1}
    sizes = {0: 1e6, 1: 3e8, 2: 1e6}
    small, value = select(outputs, score, at_most=2, sizes=sizes)
    assert set(small) == {0, 2}
    assert best > value > 9.9
    # The best one alone is the best, whatever its size.
    assert select(outputs, score, at_most=1, sizes={0: 1e9})[0] == {0: 1.0}
