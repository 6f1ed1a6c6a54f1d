"""What a search finds, notes and becomes."""

import pickle

import joblib
import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.samplers import RandomSampler
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.search.counting import Counted, Failing
from windu import OptunaSearchCV, WinduEstimator
from windu.exceptions import PartError, SearchError, WinduWarning
from windu.search import folds

SPACE = {
    "model": ["linear", "decision_tree"],
    "model__C": {"float": [0.01, 10], "log": True},
    "model__max_depth": {"int": [1, 4]},
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=90), "z": rng.choice(["a", "b"], 90)})
    noise = rng.normal(scale=0.3, size=90)
    return X, np.where(X["x"] + noise > 0, "yes", "no")


def searched(data, space=SPACE, *, estimator=None, fit=(), **options):
    est = WinduEstimator(random_state=0) if estimator is None else estimator
    given = {"n_trials": 6, "cv": 3, "random_state": 0} | options
    return OptunaSearchCV(est, space, **given).fit(*data, **dict(fit))


@pytest.fixture(scope="module")
def found(data):
    return searched(data, n_trials=10, scoring="neg_log_loss")


def test_is_a_search(found, data):
    """It has the attributes of scikit-learn's searches, and is the best estimator."""
    X, y = data
    results = found.cv_results_
    assert len(results["params"]) == 10
    assert results["rank_test_score"][found.best_index_] == 1
    assert results["params"][found.best_index_] == found.best_params_
    splits = [results[f"split{i}_test_score"][found.best_index_] for i in range(3)]
    assert np.mean(splits) == found.best_score_
    assert results["param_model__C"].mask.any()
    assert found.n_splits_ == 3
    assert found.refit_time_ > 0
    assert found.classes_.tolist() == ["no", "yes"]
    assert found.feature_names_in_.tolist() == ["x", "z"]
    assert (found.predict(X) == found.best_estimator_.predict(X)).all()
    assert found.score(X, y) == -log_loss(y, found.predict_proba(X))
    assert isinstance(found.study_, optuna.Study)


@pytest.mark.slow
def test_scores_are_those_of_cross_validation(found, data):
    """What is shared, cached or given up changes no score by a bit."""
    states = found.cv_results_["state"]
    complete = np.flatnonzero(states == "complete")
    assert len(complete) >= 3
    for i in complete:
        est = WinduEstimator(random_state=0, task="binary")
        est.set_params(**found.cv_results_["params"][i])
        plain = cross_val_score(est, *data, cv=3, scoring="neg_log_loss")
        shared = [found.cv_results_[f"split{k}_test_score"][i] for k in range(3)]
        assert plain.tolist() == shared


def test_leaderboard(found):
    """The best first, with what each trial costs; what was given up comes last."""
    table = found.leaderboard_
    assert table["trial"].iloc[0] == found.best_trial_number_
    complete = table[table["state"] == "complete"]
    assert complete["score"].is_monotonic_decreasing
    assert (complete[["fit_time", "predict_time", "latency_ms", "size_bytes"]] > 0).all(
        axis=None
    )
    assert table["score"].isna().tolist() == (table["state"] != "complete").tolist()


def test_prefixes_are_fitted_once_a_fold(data):
    """Each distinct featurizer is fitted once a fold, whatever the models."""
    Counted.fits.clear()
    space = {
        "featurizer": [Counted(1), Counted(3)],
        "model": ["linear"],
        "model__C": [0.1, 1.0, 10.0],
    }
    search = searched(data, space, sampler="grid", pruner=None, refit=False)
    assert len(search.cv_results_["params"]) == 6
    assert sorted(Counted.fits) == [(1, 60)] * 3 + [(3, 60)] * 3


def test_shared_matrix_is_not_overwritten(data):
    """A model that writes into its matrix harms no other."""
    alone = searched(data, {"model__C": [1.0]}, estimator=WinduEstimator("linear"))
    space = {"model": [Failing("write"), LogisticRegression(max_iter=1000)]}
    both = searched(data, space, sampler="grid", pruner=None)
    assert both.cv_results_["mean_test_score"][1] == alone.best_score_


def test_several_scores(data):
    """Of several scores the one named counts, all are kept."""
    search = searched(data, scoring=["accuracy", "roc_auc"], refit="roc_auc")
    results = search.cv_results_
    assert results["mean_test_roc_auc"][search.best_index_] == search.best_score_
    assert np.isfinite(results["mean_test_accuracy"][search.best_index_])
    assert set(search.scorer_) == {"accuracy", "roc_auc"}
    with pytest.raises(ValueError, match="refit"):
        searched(data, scoring=["accuracy", "roc_auc"])


def test_refit(data):
    """Without refit there are results alone; a function may choose."""
    search = searched(data, refit=False)
    assert not hasattr(search, "best_estimator_")
    assert search.best_params_
    last = searched(data, refit=lambda results: len(results["params"]) - 1, pruner=None)
    assert last.best_index_ == 5


@pytest.mark.slow
def test_groups_and_weights(data):
    """Groups reach the splitter, weights each fit and the refit."""
    X, y = data
    groups = np.arange(90) // 9
    search = searched(data, cv=GroupKFold(5), fit={"groups": groups})
    assert search.n_splits_ == 5
    weight = np.where(np.arange(90) < 45, 1.0, 0.05)
    est = WinduEstimator("linear", task="binary", random_state=0)
    one = searched(
        data, {"model__C": [1.0]}, estimator=est, cv=3, fit={"sample_weight": weight}
    )
    est.set_params(model__C=1.0)
    wanted = est.fit(X, y, sample_weight=weight).predict_proba(X)
    assert np.array_equal(one.predict_proba(X), wanted)
    plain = searched(data, {"model__C": [1.0]}, estimator=est)
    assert plain.best_score_ != one.best_score_
    with pytest.raises(PartError, match="sample_weight"):
        searched(
            data, {"model": ["k_neighbors"]}, fit={"sample_weight": weight}, n_trials=1
        )


def test_failures_are_noted(data):
    """A candidate that fails says why, and the others count."""
    space = {
        "model": [
            Failing(),
            "linear",
            LogisticRegression(solver="liblinear", l1_ratio=2),
        ]
    }
    first = (
        "Got 2 of 3 that did: 2 fits failed out of a total of 5.* MemoryError: no room"
    )
    with pytest.warns(FitFailedWarning, match=first):
        search = searched(data, space, sampler="grid")
    errors = search.cv_results_["error"]
    assert errors[0] == "MemoryError: no room"
    assert errors[1] == ""
    assert "l1_ratio" in errors[2]
    assert search.best_params_ == {"model": "linear"}
    assert search.cv_results_["state"].tolist() == ["fail", "complete", "fail"]
    assert search.leaderboard_["trial"].iloc[0] == 1


def test_nothing_but_failures(data):
    """Where all fail the first reason is raised."""
    with pytest.raises(MemoryError, match="no room") as raised:
        searched(data, {"model": [Failing() for _ in range(3)]}, n_trials=3)
    assert "All 3 failed" in raised.value.__notes__[0]


def test_interrupted(data):
    """Ctrl-C keeps what is done, and the best of it is fitted."""
    space = {"model": ["linear", Failing("interrupt"), "decision_tree"]}
    with pytest.warns(WinduWarning, match="interrupted. 1 of its trials are complete"):
        search = searched(data, space, sampler="grid")
    assert search.best_params_ == {"model": "linear"}
    assert len(search.predict(data[0])) == 90
    with pytest.raises(KeyboardInterrupt):
        searched(data, {"model": [Failing("interrupt")]})


@pytest.mark.slow
def test_pruning(data):
    """What falls behind is given up after its first fold, and never the best."""
    space = {"model": [DummyClassifier()], "model__random_state": {"int": [0, 30]}}
    space = [{"model": ["linear"], "model__C": {"float": [0.1, 10]}}, space]
    search = searched(data, space, n_trials=25, scoring="neg_log_loss", random_state=1)
    states = search.cv_results_["state"]
    pruned = states == "pruned"
    assert pruned.any()
    assert search.best_params_["model"] == "linear"
    scores = search.cv_results_["split2_test_score"]
    assert np.isnan(scores[pruned]).all()
    everything = searched(data, space, n_trials=8, pruner=None)
    assert set(everything.cv_results_["state"]) == {"complete"}


def test_repeated_parameters_are_not_fitted_again(data):
    """A trial with the parameters of an earlier one takes its result."""
    Counted.fits.clear()

    def space(trial):
        power = trial.suggest_int("power", 1, 2)
        return {"model": "linear", "featurizer": Counted(power)}

    search = searched(data, space, n_trials=12, pruner=None, refit=False)
    assert len(search.cv_results_["params"]) == 12
    assert len(Counted.fits) == 6
    assert len(set(search.cv_results_["mean_test_score"])) <= 2


@pytest.mark.parametrize("sampler", ["tpe", "random", RandomSampler, RandomSampler(0)])
def test_finite_spaces(data, sampler):
    """No point is tried twice, and a search that has seen all of them ends."""
    space = {"model__C": [0.1, 1.0, 10.0], "threshold": [None, 0.4]}
    est = WinduEstimator("linear", task="binary")
    some = searched(data, space, estimator=est, sampler=sampler, n_trials=5, cv=2)
    points = [tuple(p.values()) for p in some.cv_results_["params"]]
    assert len({*points}) == 5
    whole = searched(data, space, estimator=est, sampler=sampler, n_trials=50, cv=2)
    assert len(whole.cv_results_["params"]) == 6
    limited = {"n_trials": None, "timeout": 600, "cv": 2}
    timed = searched(data, space, estimator=est, sampler=sampler, **limited)
    assert len(timed.cv_results_["params"]) == 6


def test_finite_space_that_goes_on(tmp_path, data):
    """What was sampled is not tried again when the rest is gone through."""
    space = {"model__C": [0.1, 1.0, 10.0, 100.0]}
    options = {"estimator": WinduEstimator("linear"), "storage": tmp_path / "a.db"}
    searched(data, space, n_trials=2, **options)
    whole = searched(data, space, n_trials=9, **options)
    assert len(whole.cv_results_["params"]) == 4
    assert {p["model__C"] for p in whole.cv_results_["params"]} == {*space["model__C"]}


def test_small_space_ends_a_search_by_time(data):
    """A space without anything new ends a search that has time."""
    search = searched(data, {"model": ["linear"]}, n_trials=None, timeout=600)
    assert len(search.cv_results_["params"]) == 1

    def always(trial):
        return {"model": "linear"}

    search = searched(data, always, n_trials=None, timeout=600)
    assert len(search.cv_results_["params"]) == 51


def test_too_slow_for_one_row(data):
    """A candidate that takes too long for one row is given up, with its figure."""
    search = searched(data, {"model": ["linear"]}, n_trials=1, max_latency_ms=10_000)
    assert search.leaderboard_["latency_ms"].iloc[0] < 10_000
    with pytest.raises(SearchError, match="One row takes .* ms, more than 1e-06 ms"):
        searched(data, {"model": ["linear"]}, n_trials=2, max_latency_ms=1e-6)


def test_early_stopping(data):
    """Boosting stops by the held-out rows; the refit takes the mean of rounds."""
    model = HistGradientBoostingClassifier(
        max_iter=300, early_stopping=True, n_iter_no_change=3, min_samples_leaf=5
    )
    search = searched(
        data, {"model__learning_rate": [0.3]}, estimator=WinduEstimator(model)
    )
    rounds = search.study_.best_trial.user_attrs["result"]["rounds"]
    assert len(rounds) == 3
    assert max(rounds) < 300
    fitted = search.best_estimator_.model_
    assert fitted.n_iter_ == round(np.mean(rounds))
    assert not fitted.early_stopping
    # scikit-learn's "auto" is left alone: it holds out rows of its own.
    model.set_params(early_stopping="auto", max_iter=5)
    auto = searched(
        data, {"model__learning_rate": [0.3]}, estimator=WinduEstimator(model)
    )
    assert "rounds" not in auto.study_.best_trial.user_attrs["result"]


def test_development_set(data):
    """One split is a development set; the refit takes all rows."""
    fold = np.where(np.arange(90) < 60, -1, 0)
    search = searched(data, cv=PredefinedSplit(fold))
    assert search.n_splits_ == 1
    assert "split1_test_score" not in search.cv_results_
    pairs = searched(data, cv=[(np.arange(60), np.arange(60, 90))])
    assert pairs.best_score_ == search.best_score_


def test_other_estimators(data):
    """Any estimator can be searched; what is automatic needs a WinduEstimator."""
    X, y = data[0][["x"]], data[1]
    chain = make_pipeline(StandardScaler(), LogisticRegression())
    space = {"logisticregression__C": {"float": [0.1, 1]}}
    search = searched((X, y), space, estimator=chain)
    best = cross_val_score(chain.set_params(**search.best_params_), X, y, cv=3)
    assert search.best_score_ == best.mean()
    with pytest.raises(SearchError, match="'auto' for a WinduEstimator"):
        searched((X, y), "auto", estimator=chain)
    with pytest.raises(SearchError, match="ensemble needs a WinduEstimator"):
        searched((X, y), space, estimator=chain, ensemble=True)


def test_task_is_decided_by_all_rows():
    """A fold does not decide the task again."""
    X = pd.DataFrame({"x": np.arange(200.0)})
    y = np.arange(200) % 40
    search = OptunaSearchCV(
        WinduEstimator(Ridge()), {"model__alpha": [1.0, 2.0]}, n_trials=2, cv=3
    ).fit(X, y)
    assert search.best_estimator_.task == "regression"
    lists = [["a"] if value % 2 else ["a", "b"] for value in y]
    labels = OptunaSearchCV(
        WinduEstimator("decision_tree", random_state=0),
        {"model__max_depth": [1, 2]},
        n_trials=2,
        cv=3,
    ).fit(X, lists)
    assert labels.best_estimator_.task == "multilabel"
    assert {label for row in labels.predict(X) for label in row} <= {"a", "b"}


def test_rare_class(data):
    """A class that some folds have not seen ends no search."""
    X, y = data
    y = y.astype(object)
    y[0] = "rare"
    cv = StratifiedKFold(3)
    search = searched((X, y), cv=cv, scoring="balanced_accuracy", ensemble=3)
    assert search.classes_.tolist() == ["no", "rare", "yes"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_trials": 0}, "n_trials"),
        ({"timeout": -1}, "timeout"),
        ({"pruner": "medain"}, "pruner"),
        ({"sampler": "gird"}, "Did you mean 'grid'"),
        ({"sampler": "grid"}, "can be counted"),
        ({"storage": 3}, "storage must be"),
        ({"ensemble": 0}, "ensemble"),
        ({"ensemble": True, "refit": False}, "and refit"),
    ],
)
def test_bad_parameters(data, options, words):
    """What cannot be is told before anything is fitted."""
    with pytest.raises(ValueError, match=words):
        searched(data, **options)


def test_missing_target(data):
    """Without a target there is the estimator's own error."""
    with pytest.raises(ValueError, match="requires y to be passed"):
        searched((data[0], None))


@pytest.mark.slow
def test_processes(data):
    """Two processes find what one would, where nothing is sampled."""
    space = {"model": ["linear", "decision_tree"], "model__C": [0.1, 1.0]}
    options = {"sampler": "grid", "pruner": None, "scoring": "neg_log_loss"}
    one, two = (
        searched(data, space, **options),
        searched(data, space, n_jobs=2, **options),
    )
    assert one.best_params_ == two.best_params_
    for key in ("split0_test_score", "mean_test_score"):
        assert sorted(one.cv_results_[key]) == sorted(two.cv_results_[key])
    with pytest.raises(MemoryError, match="no room"):
        searched(data, {"model": [Failing()]}, n_jobs=2, n_trials=2)


@pytest.mark.slow
def test_killed_worker(data):
    """A process that is killed ends its trial, and no other."""
    space = {"model": ["linear", Failing("exit"), "decision_tree"]}
    with pytest.warns(FitFailedWarning, match="Got 1 of 3.* TerminatedWorkerError"):
        search = searched(data, space, sampler="grid", n_jobs=2, n_trials=3)
    assert search.cv_results_["state"].tolist() == ["complete", "fail", "complete"]
    assert "TerminatedWorkerError" in search.cv_results_["error"][1]


def test_verbose(data, capsys):
    """Each trial is told where that is asked for, and nothing else."""
    searched(data, verbose=1, n_trials=2)
    said = capsys.readouterr()
    assert said.out.count("[OptunaSearchCV] trial") == 2
    assert not said.err
    searched(data, n_trials=2)
    assert capsys.readouterr().out == ""


def test_part_errors_are_seen(data):
    """A part that is none fails as a trial does, with its words."""
    with pytest.raises(PartError, match="featurizer"):
        searched(data, {"featurizer": [7]}, n_trials=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "scoring",
    ["neg_log_loss", "neg_brier_score", ["neg_log_loss", "accuracy"]],
    ids=str,
)
def test_class_that_folds_lack(scoring):
    """Scores of probabilities know all classes; what has none of one gives it zero."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=61), "z": rng.normal(size=61)})
    y = np.where(X["x"] > 0, "low", "up")
    y[0] = "mid"
    search = OptunaSearchCV(
        WinduEstimator(task="multiclass", random_state=0),
        {"model": ["linear", "decision_tree"]},
        sampler="grid",
        scoring=scoring,
        refit="neg_log_loss" if isinstance(scoring, list) else True,
        cv=KFold(3, shuffle=True, random_state=0),
        ensemble=2,
    ).fit(X, y)
    assert set(search.leaderboard_["state"]) == {"complete"}
    assert search.predict_proba(X).shape == (61, 3)
    if scoring == "neg_log_loss":
        est = WinduEstimator("linear", task="multiclass", random_state=0)
        found = []
        for fit, score in search.cv.split(X):
            fitted = est.fit(X.iloc[fit], y[fit])
            given = np.zeros((len(score), 3))
            columns = ["low", "mid", "up"]
            known = [columns.index(label) for label in fitted.classes_]
            given[:, known] = fitted.predict_proba(X.iloc[score])
            found.append(-log_loss(y[score], given, labels=columns))
        at = [p["model"] for p in search.cv_results_["params"]].index("linear")
        assert search.cv_results_["mean_test_score"][at] == np.mean(found)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["array", "frame", "lists"])
@pytest.mark.parametrize("n_labels", [2, 3])
def test_scores_of_several_labels(form, n_labels):
    """Two labels are no two classes; the log-loss is the mean over the labels."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, 3)), columns=["x", "y", "z"])
    flags = (X.to_numpy() + rng.normal(size=(90, 3)) > 0).astype(int)[:, :n_labels]
    y = {
        "array": flags,
        "frame": pd.DataFrame(flags, columns=list("abc")[:n_labels]),
        "lists": [[n for n, f in zip("abc", row, strict=False) if f] for row in flags],
    }[form]

    def own(est, X, y):
        assert type(y) in (list, np.ndarray, pd.DataFrame)
        return float(len(est.classes_))

    scoring = {"auc": "roc_auc", "loss": "neg_log_loss", "f1": "f1_macro", "own": own}
    encoder = None if form == "array" else "auto"
    search = OptunaSearchCV(
        WinduEstimator("linear", task="multilabel", label_encoder=encoder),
        {"model__C": [1.0]},
        scoring=scoring,
        refit="loss",
        cv=3,
    ).fit(X, y)
    aucs, losses, f1s = [], [], []
    for fit, score in KFold(3).split(X):
        est = WinduEstimator("linear", task="multilabel").fit(X.iloc[fit], flags[fit])
        given, true = est.predict_proba(X.iloc[score]), flags[score]
        aucs.append(roc_auc_score(true, given))
        losses.append(
            np.mean([log_loss(true[:, i], given[:, i]) for i in range(n_labels)])
        )
        f1s.append(f1_score(true, est.predict(X.iloc[score]), average="macro"))
    (best,) = [{k: v[0] for k, v in search.cv_results_.items()}]
    assert best["mean_test_auc"] == pytest.approx(np.mean(aucs))
    assert best["mean_test_loss"] == pytest.approx(-np.mean(losses))
    assert best["mean_test_f1"] == pytest.approx(np.mean(f1s))
    assert best["mean_test_own"] == n_labels


def test_the_way_of_one_row_is_compiled_once_a_transformer(data, monkeypatch):
    """Candidates that differ in their model share it, and have a latency each."""
    made, once = [], folds.compile_chain

    def counted(est):
        made.append(est)
        return once(est)

    monkeypatch.setattr(folds, "compile_chain", counted)
    space = {
        "model__learning_rate": [0.1, 0.2, 0.3],
        "transformer__levels": ["one_hot", "ordinal"],
    }
    est = WinduEstimator("hist_gradient_boosting", task="binary", random_state=0)
    options = {"sampler": "grid", "n_trials": None, "pruner": None}
    search = searched(data, space, estimator=est, **options)
    assert (search.leaderboard_["latency_ms"] > 0).sum() == 6
    assert len(made) == 2


def test_scorer_that_fails(data):
    """Its own words are told, also where it is one of several."""

    def broken(est, X, y):
        raise ZeroDivisionError("no rows at all")

    with pytest.raises(ZeroDivisionError, match="no rows at all"):
        searched(data, scoring={"a": "accuracy", "b": broken}, refit="a")


def test_score_that_a_fold_does_not_have():
    """It is told which fold has none, and why."""
    X = pd.DataFrame({"x": np.arange(60.0)})
    y = np.where(X["x"].mod(20).lt(9) & X["x"].lt(40), "low", "up")
    options = {"scoring": "roc_auc", "n_trials": 1, "cv": KFold(3)}
    search = OptunaSearchCV(WinduEstimator("linear"), {"model__C": [1.0]}, **options)
    with pytest.raises(ValueError, match="fold 2 is nan. Only one class.*shuffles"):
        search.fit(X, y)


@pytest.mark.slow
def test_points_that_are_begun_with_are_not_pruned(data):
    """Each model of the default space is seen whole, whatever the others score."""
    options = {"n_trials": 2, "cv": 2, "random_state": 0}
    options["pruner"] = optuna.pruners.ThresholdPruner(lower=2.0)
    est = WinduEstimator(task="binary", random_state=0)
    search = OptunaSearchCV(est, **options).fit(*data)
    assert search.leaderboard_["state"].tolist() == ["complete"] * 2
    with pytest.raises(SearchError, match="pruned"):
        OptunaSearchCV(est, SPACE, **options).fit(*data)


def test_threads_are_returned_after_a_fold(data):
    """The threads that a fit was lent do not slow single rows."""
    seen = []

    def score(est, X, y):
        seen.append(est.model_.n_jobs)
        return 0.5

    space = {"model__max_depth": [2]}
    est = WinduEstimator(RandomForestClassifier(3))
    searched(data, space, estimator=est, n_trials=1, scoring=score, n_jobs=1)
    assert seen == [None] * 3


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid", RandomSampler])
@pytest.mark.parametrize("library", [pickle, joblib])
def test_a_search_is_copied_by_pickle(data, sampler, library, tmp_path):
    """Other processes and joblib take a fitted search with its sampler."""
    space, est = {"model__C": [0.1, 1.0]}, WinduEstimator("linear")
    search = searched(data, space, estimator=est, n_trials=2, sampler=sampler)
    with (tmp_path / "search").open("wb") as file:
        library.dump(search, file)
    with (tmp_path / "search").open("rb") as file:
        again = library.load(file)
    np.testing.assert_array_equal(again.predict(data[0]), search.predict(data[0]))
