"""scikit-learn's own searches over every part and nested parameter."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.preprocessing import KBinsDiscretizer, LabelEncoder, OneHotEncoder

from windu import ThresholdSelector, WinduEstimator


def with_square(frame):
    return frame.assign(square=frame["x"] ** 2)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=90), "z": rng.choice(["a", "b"], 90)})
    noise = rng.normal(scale=0.3, size=90)
    return X, pd.Series(np.where(X["x"] + noise > 0, "yes", "no"), name="y")


def estimator(model="linear", **params):
    return WinduEstimator(model, task="binary", random_state=0, n_jobs=1, **params)


class Power(TransformerMixin, BaseEstimator):
    """A featurizer with a parameter."""

    def __init__(self, power=1):
        self.power = power

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.assign(x=X["x"] ** self.power)


ONE_HOT = OneHotEncoder(handle_unknown="ignore")
BINS = ColumnTransformer([("bins", KBinsDiscretizer(strategy="uniform"), ["x"])])

#: By parameter: an estimator, and two values that differ.
GRIDS = {
    "schema": (estimator(), ["infer", None]),
    "featurizer": (estimator(), ["auto", with_square]),
    "featurizer__power": (estimator(featurizer=Power()), [1, 2]),
    "transformer": (estimator(), ["auto", ONE_HOT]),
    "transformer__bins__n_bins": (estimator(transformer=BINS), [2, 9]),
    "label_encoder": (estimator(), ["auto", LabelEncoder()]),
    "model": (estimator(), ["dummy", LogisticRegression()]),
    "model__C": (estimator(), [1e-6, 1.0]),
    "threshold": (estimator(), [None, 0.999]),
    "threshold__scoring": (
        estimator(threshold=ThresholdSelector(cv=2, min_samples=10)),
        ["specificity", "recall"],
    ),
}
#: What changes how something is made, and not what comes out of it.
EQUAL = {"schema", "label_encoder"}


@pytest.mark.slow
@pytest.mark.parametrize("name", GRIDS)
def test_grid_over_every_part(name, data):
    """Each part, and each parameter of a part, is searched like any other."""
    est, values = GRIDS[name]
    search = GridSearchCV(est, {name: values}, cv=2, error_score="raise").fit(*data)
    first, second = search.cv_results_["mean_test_score"]
    assert (first == second) == (name in EQUAL)
    assert search.predict(data[0]).shape == (90,)


@pytest.mark.slow
def test_random_search(data):
    """Distributions over several parts, with several scores and two processes."""
    search = RandomizedSearchCV(
        estimator(),
        {"model__C": loguniform(0.01, 10), "featurizer": ["auto", with_square]},
        n_iter=4,
        scoring=["accuracy", "roc_auc", "neg_log_loss"],
        refit="neg_log_loss",
        cv=3,
        random_state=0,
        n_jobs=2,
        error_score="raise",
    ).fit(*data)
    for score in ("accuracy", "roc_auc", "neg_log_loss"):
        assert np.isfinite(search.cv_results_[f"mean_test_{score}"]).all()
    best = search.best_index_
    assert search.cv_results_["mean_test_neg_log_loss"][best] == search.best_score_


def test_halving_search(data):
    """Rows are the resource, or a parameter of the model."""
    options = {"cv": 2, "random_state": 0, "error_score": "raise", "min_resources": 30}
    rows = HalvingGridSearchCV(estimator(), {"model__C": [0.001, 0.1, 1.0]}, **options)
    rows.fit(*data)
    assert rows.n_resources_ == [30, 90]
    # Of a name scikit-learn does not know the parameters.
    trees = HalvingGridSearchCV(
        estimator(RandomForestClassifier()),
        {"model__max_depth": [1, 3]},
        resource="model__n_estimators",
        max_resources=8,
        **options | {"min_resources": 4},
    ).fit(*data)
    assert trees.best_estimator_.model_.n_estimators in (4, 8)


def test_groups_and_weights(data):
    """Groups reach the splitter, weights each fit and the refit."""
    X, y = data
    groups = np.arange(90) // 6
    weight = np.where(y == "yes", 50.0, 1.0)
    search = GridSearchCV(
        estimator(), {"model__C": [1.0]}, cv=GroupKFold(5), scoring="neg_log_loss"
    )
    with pytest.raises(ValueError, match="groups"):
        search.fit(X, y)
    (plain,) = search.fit(X, y, groups=groups).cv_results_["mean_test_score"]
    search.fit(X, y, groups=groups, sample_weight=weight)
    assert search.cv_results_["mean_test_score"][0] != plain
    wanted = estimator().set_params(model__C=1.0).fit(X, y, sample_weight=weight)
    assert np.array_equal(search.predict_proba(X), wanted.predict_proba(X))


def test_callbacks(data):
    """A callback sees every candidate, and the steps of each fit in it."""
    pytest.importorskip("sklearn.callback", reason="came with scikit-learn 1.9")
    begun = []

    class Record:
        max_propagation_depth = None

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            begun.append(context.task_name)

        def on_fit_task_end(self, estimator, context):
            pass

    search = GridSearchCV(estimator(), {"model__C": [0.1, 1.0]}, cv=2)
    search.set_callbacks(Record()).fit(*data)
    # Four fits of folds, and the refit.
    assert begun.count("featurize") == 5


@pytest.mark.slow
def test_dask(data):
    """joblib's Dask backend on a cluster of two processes gives the same scores."""
    distributed = pytest.importorskip("distributed", reason="the extra 'dask'")
    grid = {"model__C": [0.1, 1.0], "featurizer": ["auto", with_square]}
    search = GridSearchCV(estimator(), grid, cv=2, error_score="raise")
    here = search.fit(*data).cv_results_["mean_test_score"]
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=True, **options) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        there = search.fit(*data).cv_results_["mean_test_score"]
    assert np.array_equal(here, there)
    assert search.predict(data[0]).shape == (90,)
