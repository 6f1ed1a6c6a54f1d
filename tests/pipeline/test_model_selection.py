"""A pipeline's search: what it sees, what it ends in, and its form in YAML."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from windu import Metastore, TrainingPipeline, WinduEstimator
from windu.exceptions import ConfigError, SearchError, StepError

SPACE = {
    "model": ["linear", "decision_tree"],
    "model__max_depth": {"int": [1, 3]},
    "model__C": {"float": [0.1, 10.0], "log": True},
}


@pytest.fixture(scope="module")
def rows():
    """Rows with a group and a time, and a noisy target."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "x": rng.normal(size=240),
            "z": rng.choice(["a", "b", "c"], 240),
            "who": np.arange(240) // 4,
            "when": pd.date_range("2024-01-01", periods=240),
        }
    )
    noise = rng.normal(scale=0.8, size=240)
    table["risk"] = np.where(table["x"] + noise > 0, "bad", "good")
    return table


def pipeline(rows, **settings):
    given = {
        "data": rows,
        "target": "risk",
        "split": {"test": 0.25, "dev": 0.25, "seed": 0},
        "search": {"space": SPACE, "n_trials": 4, "scoring": "roc_auc"},
    }
    est = WinduEstimator(task="binary", random_state=0)
    return TrainingPipeline(est, **(given | settings))


@pytest.mark.slow
def test_dev_rows_decide_and_test_rows_are_not_seen(rows):
    """Candidates are scored on the dev rows; the winner learns from them as well."""
    pipe = pipeline(rows)
    held = pipe.run(until="split")
    assert held is not None
    found = pipe.search()
    assert found.search.n_splits_ == 1
    assert found.search.best_estimator_._table_schema is not None
    winner = found.production
    assert winner.settings["search"] is None
    result = winner.run()
    assert "dev.roc_auc" not in result.metrics
    assert result.metrics["test_evaluations"] == 1
    predicted = winner.predict()["test"]
    wanted = found.search.best_estimator_.predict_proba(
        winner._values(until="split")["held_back"]["test"][0]
    )
    column = next(name for name in predicted if name.endswith("bad"))
    assert np.array_equal(predicted[column], wanted[:, 0])


def test_same_test_rows(rows):
    """The winner is tested on the rows that the pipeline held back."""
    pipe = pipeline(rows)
    before = pipe._values(until="split")["held_back"]["test"][0]
    after = pipe.search().production._values(until="split")
    pd.testing.assert_frame_equal(before, after["held_back"]["test"][0])
    assert len(after["X"]) == 180


def test_folds_follow_the_split(rows):
    """By group no group is on both sides of a fold; by time none looks ahead."""
    options = {"space": SPACE, "n_trials": 1, "cv": 3}
    by_group = pipeline(rows, split={"test": 0.25, "group": "who"}, search=options)
    X = by_group._values(until="split")["X"]
    folds = by_group.search().search
    assert folds.n_splits_ == 3
    for fit, score in folds.cv:
        assert not {*X["who"].iloc[fit]} & {*X["who"].iloc[score]}
    by_time = pipeline(rows, split={"test": 0.25, "time": "when"}, search=options)
    X = by_time._values(until="split")["X"]
    for fit, score in by_time.search().search.cv:
        assert X["when"].iloc[fit].max() < X["when"].iloc[score].min()


@pytest.mark.slow
def test_goes_on(rows, tmp_path):
    """With a storage the same line goes on."""
    search = {"space": SPACE, "n_trials": 3, "storage": str(tmp_path / "s.db")}
    first = pipeline(rows, search=search).search()
    again = pipeline(rows, search=search).search(n_trials=5)
    assert len(first.leaderboard) == 3
    numbers = again.search.cv_results_["trial"].tolist()
    assert numbers == [0, 1, 2, 3, 4]


def test_yaml(rows, tmp_path):
    """The section comes back as it was, with parts and versions in its space."""
    space = [
        {
            "featurizer": [None, "auto"],
            "model": ["linear"],
            "model__C": {"float": [0.1, 10.0], "log": True},
        },
        {"threshold": [None, "f1"], "label_encoder": ["auto"]},
    ]
    pipe = pipeline(
        tmp_path / "rows.csv",
        search={"space": space, "engine": "random", "ensemble": 3, "seed": 7},
    )
    text = pipe.to_yaml()
    again = TrainingPipeline.from_yaml(f"# A search.\n{text}")
    assert again.settings["search"] == pipe.settings["search"]
    assert again.to_yaml() == text


@pytest.mark.slow
def test_ensemble_in_yaml(rows, tmp_path):
    """A winner of several members is written, and trains to the same predictions."""
    rows.to_csv(tmp_path / "rows.csv", index=False)
    pipe = pipeline(
        str(tmp_path / "rows.csv"),
        search={
            "space": {"model": ["linear", "GaussianNB"]},
            "n_trials": 12,
            "scoring": "neg_log_loss",
            "ensemble": True,
        },
        metastore=str(tmp_path / "store"),
        name="risks",
    )
    found = pipe.search()
    assert len(found.search.ensemble_) > 1
    text = found.production.to_yaml()
    result = TrainingPipeline.from_yaml(f"# Winner.\n{text}").run()
    X = rows.drop(columns="risk").head(20)
    loaded = Metastore(tmp_path / "store").load("risks")
    assert result.run.reference == "risks@1"
    wanted = found.search.best_estimator_.predict_proba(X)
    np.testing.assert_allclose(loaded.predict_proba(X), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("section", "error", "words"),
    [
        ("{n_trils: 3}", ConfigError, "line 2, column 10.*Did you mean 'n_trials'"),
        ("{engine: optna}", ConfigError, "line 2.*Did you mean 'optuna'"),
        ("{scoring: roc_auk}", ConfigError, "line 2.*Did you mean 'roc_auc'"),
        ("{n_trials: 0}", ConfigError, "line 2.*greater than or equal to 1"),
        ("{space: {model: [forest]}}", ConfigError, "line 2, column 26.*'forest'"),
        ("{space: {model__C: {float: [1]}}}", ConfigError, "line 2.*two numbers"),
        ("{space: atuo}", ConfigError, "line 2"),
        ("{cv: test}", ConfigError, "line 2"),
    ],
)
def test_mistakes_in_yaml(section, error, words):
    """What is misspelt has its place and a near miss."""
    with pytest.raises(error, match=words):
        TrainingPipeline.from_yaml(
            f"data: {{path: a.csv, target: y}}\nsearch: {section}"
        )


@pytest.mark.parametrize(
    ("search", "error", "words"),
    [
        ({"engin": "optuna"}, StepError, "Did you mean 'engine'"),
        ({"engine": "halving"}, StepError, "must be one of"),
        ({"scoring": "acuracy"}, SearchError, "Did you mean 'accuracy'"),
        (7, StepError, "must be a mapping"),
    ],
)
def test_mistakes_in_code(rows, search, error, words):
    """What is misspelt is told before anything is read."""
    with pytest.raises(error, match=words):
        pipeline(rows, search=search)


def test_what_cannot_be_searched(rows):
    """Without dev rows there is no dev fold; without a target no search."""
    with pytest.raises(StepError, match="needs a dev part"):
        pipeline(rows, split={"test": 0.2}).search(cv="dev")
    with pytest.raises(StepError, match="needs a target"):
        pipeline(rows, target=None).search()


@pytest.mark.parametrize(
    ("evaluate", "name"),
    [
        (["f1", "accuracy"], "f1"),
        (["log_loss"], "neg_log_loss"),
        ({"scores": ["average_precision"], "importance": False}, "average_precision"),
        (None, ""),
    ],
)
def test_score_of_the_evaluation(rows, evaluate, name):
    """The first score of `evaluate` is maximized where no other is asked for."""
    search = {"space": {"model__C": [0.1]}, "cv": 2}
    est = WinduEstimator("linear", task="binary", random_state=0)
    options = {"search": search, "evaluate": evaluate, "estimator": est}
    pipe = pipeline(rows, split={"test": 0.25, "seed": 0})
    pipe = pipe.set(**options)
    found = pipe.search()
    assert found.score == name
    asked = pipe.search(scoring="recall_macro")
    assert asked.score == "recall_macro"
    if name == "f1":
        X, y = rows.drop(columns="risk"), rows["risk"]
        assert found.search.score(X, y) == f1_score(
            y, found.search.predict(X), pos_label="good"
        )
