"""What a user of `GridSearchCV` and of optuna passes to a search."""

import pickle

import numpy as np
import optuna
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.svm import SVC

from windu import OptunaSearchCV, WinduEstimator
from windu.exceptions import SearchError
from windu.search import display

X, y = make_classification(80, 5, random_state=0)
GRID = {"C": [0.001, 1.0]}


def searched(estimator=None, space=GRID, *, table=X, target=y, **options):
    options = {"sampler": "grid", "pruner": None, "cv": 3} | options
    est = LogisticRegression() if estimator is None else estimator
    return OptunaSearchCV(est, space, **options).fit(table, target)


def two_scores(estimator, X, y):
    share = estimator.score(X, y)
    return {"share": share, "error": 1 - share}


@pytest.mark.parametrize(
    "options",
    [
        {"scoring": ["accuracy", "f1"], "refit": False},
        {"scoring": ["accuracy", "f1"], "refit": "f1"},
        {
            "scoring": ["accuracy", "f1"],
            "refit": lambda results: int(results["mean_test_f1"].argmin()),
        },
        {"scoring": two_scores, "refit": "error"},
        {"scoring": two_scores, "refit": False},
        {"scoring": "f1", "return_train_score": True},
        {"refit": False},
    ],
    ids=[
        *("names-none", "names-f1", "names-callable", "dict-error", "dict-none"),
        *("one-train", "none"),
    ],
)
@pytest.mark.parametrize(
    "of_windu", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_scores_and_refit(options, of_windu):
    """Each form of `scoring` and `refit` gives what it gives in `GridSearchCV`."""
    est, grid = LogisticRegression(), GRID
    if of_windu:
        est, grid = WinduEstimator("linear", task="binary"), {"model__C": GRID["C"]}
    plain = GridSearchCV(est, grid, cv=3, **options).fit(X, y)
    found = searched(est, grid, **options)
    names = [n for n in vars(plain) if n.endswith("_") and not n.startswith("_")]
    for name in {*names} - {"cv_results_", "best_estimator_", "refit_time_"}:
        if name != "scorer_":
            assert getattr(found, name) == getattr(plain, name), name
    assert hasattr(found, "best_estimator_") == hasattr(plain, "best_estimator_")
    for key, values in plain.cv_results_.items():
        if key != "params":
            assert found.cv_results_[key].dtype == values.dtype, key
            if not key.endswith("_time"):
                assert found.cv_results_[key].tolist() == values.tolist(), key
    if not callable(refit := options.get("refit", True)) and refit:
        assert found.score(X, y) == plain.score(X, y)


def test_refit_of_no_score():
    """A refit that names no score of a function is refused after the first fold."""
    with pytest.raises(ValueError, match="refit must be set to a scorer key"):
        searched(scoring=two_scores, refit="f1")


class Silent(BaseEstimator):
    """A density whose `fit` returns nothing."""

    def __init__(self, width=1.0):
        self.width = width

    def fit(self, X, y=None):
        self.mean_ = np.mean(X)

    def score(self, X, y=None):
        return self.width


@pytest.mark.parametrize(
    ("estimator", "space", "options"),
    [
        (PCA(), {"n_components": [1, 2]}, {"target": None}),
        (KernelDensity(), {"bandwidth": [0.1, 1.0]}, {"target": None}),
        (Silent(), {"width": [1.0, 2.0]}, {"target": None}),
        (KMeans(random_state=0), {"n_clusters": [1, 2]}, {"target": None}),
        (SVC(kernel="precomputed"), GRID, {"table": X @ X.T}),
        (
            SVC(kernel="linear"),
            {"kernel": ["linear", "precomputed"]},
            {"table": X @ X.T},
        ),
        (LogisticRegression(), {}, {}),
        (LogisticRegression(), [{}, GRID], {}),
    ],
)
def test_any_estimator(estimator, space, options):
    """Transformers, densities, clusterers, kernels, and the default alone."""
    found = searched(estimator, space, **options)
    rows = options.get("table", X), options.get("target", y)
    plain = GridSearchCV(estimator, space, cv=3).fit(*rows)
    scores = [s.cv_results_["mean_test_score"].tolist() for s in (found, plain)]
    assert scores[0] == scores[1]
    assert found.best_params_ == plain.best_params_


def test_scorer_without_target():
    """A scorer of the estimator and the table alone gets no y."""
    found = searched(
        KernelDensity(),
        {"bandwidth": [0.1, 1.0]},
        target=None,
        scoring=lambda estimator, X: -estimator.bandwidth,
    )
    assert found.best_params_ == {"bandwidth": 0.1}


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_pickle(sampler):
    """A fitted search is pickled with its sampler and study."""
    found = searched(sampler=sampler, n_trials=2)
    again = pickle.loads(pickle.dumps(found))
    assert (again.predict(X) == found.predict(X)).all()
    assert len(again.study_.trials) == 2


def test_error_score():
    """A number stands for the folds that failed; "raise" ends the search."""
    wrong = {"C": [-1.0, 1.0]}
    with pytest.warns(FitFailedWarning, match="Got 1 of 2 .* 3 fits failed"):
        found = searched(space=wrong, error_score=0.25)
    assert found.cv_results_["mean_test_score"][0] == 0.25
    assert "'C' parameter" in found.cv_results_["error"][0]
    with pytest.warns(FitFailedWarning, match="Got 1 of 2 .* 1 fits failed"):
        found = searched(space=wrong)
    assert np.isnan(found.cv_results_["mean_test_score"][0])
    with pytest.raises(ValueError, match="'C' parameter"):
        searched(space=wrong, error_score="raise")
    with pytest.warns(FitFailedWarning, match="Got 1 of 2"):
        searched(space=wrong, error_score="raise", catch=(ValueError,))


def test_callbacks_of_optuna():
    """They are called with study and trial, and may stop the search."""
    numbers = []

    def stop(study, trial):
        numbers.append(trial.number)
        assert trial.state.is_finished()
        if trial.number == 2:
            study.stop()

    space = {"C": {"float": [0.1, 1.0]}}
    found = searched(space=space, sampler="random", n_trials=9, callbacks=[stop])
    assert numbers == [0, 1, 2]
    assert len(found.cv_results_["params"]) == 3


def test_study():
    """A study of the user's is the one that is used, with its sampler."""
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.RandomSampler(0)
    )
    space = {"C": {"float": [0.1, 1.0]}}
    found = searched(space=space, sampler="tpe", study=study, n_trials=3)
    assert found.study_ is study
    assert len(study.trials) == 3
    with pytest.raises(SearchError, match="must be 'maximize'"):
        searched(study=optuna.create_study(direction="minimize"))


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_sampler_that_stops():
    """A sampler that has seen all points ends the search."""
    sampler = optuna.samplers.BruteForceSampler()
    study = optuna.create_study(direction="maximize", sampler=sampler)

    def space(trial):
        return {"C": float(trial.suggest_int("C", 1, 3))}

    found = searched(space=space, sampler="tpe", study=study, n_trials=20)
    assert sorted(p["C"] for p in found.cv_results_["params"]) == [1.0, 2.0, 3.0]


def test_no_target():
    """An estimator that needs a y says so itself; what is none is refused."""
    with pytest.raises(ValueError, match="requires y to be passed"):
        searched(target=None)
    with pytest.raises(
        SearchError, match="must be a scikit-learn estimator. Got 'svc'"
    ):
        searched("svc")


def test_notebook():
    """A fitted search shows its trials; one that is not fitted its parameters alone."""
    space = {"C": {"float": [0.01, 1.0], "log": True}}
    found = searched(space=space, sampler="random", n_trials=9, random_state=0)
    html = found._repr_mimebundle_()["text/html"]
    for words in ("Best score", "of 9 trials", "<polyline", "Importance", "100%"):
        assert words in html
    plain = OptunaSearchCV(LogisticRegression(), space)._repr_mimebundle_()["text/html"]
    assert "Best score" not in plain
    assert "OptunaSearchCV" in plain


def test_names_are_escaped():
    """What a table or a space is named cannot become markup."""
    found = searched(space={"C": [0.1, 1.0], "random_state": [3]}, n_trials=2)
    found.leaderboard_["<b>x"] = "<script>"
    html = found._repr_mimebundle_()["text/html"]
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;x" in html


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("library", ["plotly", "matplotlib", "none"])
def test_plots(library, monkeypatch):
    """`plot` draws Optuna's plots with the library that is installed."""
    if library != "none":
        pytest.importorskip(library)
    monkeypatch.setattr(
        display, "find_spec", lambda name: True if name == library else None
    )
    found = searched(n_trials=2)
    with pytest.raises(SearchError, match="Did you mean 'history'"):
        found.plot("histroy")
    if library == "none":
        with pytest.raises(SearchError, match="needs plotly or matplotlib"):
            found.plot()
    else:
        drawn = found.plot()
        assert len(drawn.data if library == "plotly" else drawn.collections) >= 1


class Terminal:
    """An error stream that somebody looks at."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return True


def test_progress(monkeypatch, capsys):
    """A bar in a terminal names the score; elsewhere nothing is told."""
    options = {"sampler": "random", "n_trials": 3, "scoring": "roc_auc"}
    space = {"C": {"float": [0.1, 1.0]}}
    searched(space=space, **options)
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    searched(space=space, **options)
    assert "3 trials, best roc_auc 0." in terminal.text
    terminal.text = ""
    searched(space=space, verbose=0, **options)
    assert terminal.text == ""
