"""Folds that are evaluated by an executor of the user's."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky import get_reusable_executor

from tests.search.counting import Failing, Sleeping
from windu import OptunaSearchCV, WinduEstimator
from windu.exceptions import WinduWarning

SPACE = {"model": ["linear", "decision_tree"], "model__C": [0.1, 1.0]}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=90), "z": rng.choice(["a", "b"], 90)})
    noise = rng.normal(scale=0.3, size=90)
    return X, np.where(X["x"] + noise > 0, "yes", "no")


def searched(data, space=SPACE, **options):
    est = WinduEstimator(random_state=0)
    options = {"sampler": "grid", "pruner": None, "cv": 3} | options
    return OptunaSearchCV(est, space, **options).fit(*data)


def scores_of(search):
    results = search.cv_results_
    return sorted(
        zip(map(str, results["params"]), results["mean_test_score"], strict=True)
    )


def test_threads(data):
    """Threads give the scores that this process gives, and the pool lives on."""
    with ThreadPoolExecutor(2) as executor:
        there = searched(data, executor=executor)
        assert scores_of(there) == scores_of(searched(data))
        assert executor.submit(int, "3").result() == 3


@pytest.mark.slow
@pytest.mark.parametrize("make", [ProcessPoolExecutor, get_reusable_executor])
def test_processes(data, make):
    """So do processes, of Python and of loky, with a scorer that is defined here."""

    def share(estimator, X, y):
        return float(np.mean(estimator.predict(X) == y))

    executor = make(max_workers=2)
    there = searched(data, executor=executor, scoring=share)
    assert scores_of(there) == scores_of(searched(data, scoring=share))
    executor.shutdown()


@pytest.mark.slow
def test_broken_executor(data):
    """An executor that is broken ends a search; what is complete counts."""
    space = {"model": ["linear", Failing("exit"), "decision_tree"]}
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.warns(WinduWarning, match="interrupted by BrokenProcessPool"),
    ):
        found = searched(data, space, executor=executor)
    assert found.best_params_ == {"model": "linear"}


@pytest.mark.slow
def test_dask(data):
    """A cluster of two processes evaluates folds; one that is killed loses nothing."""
    distributed = pytest.importorskip("distributed", reason="the extra 'dask'")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=True, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = searched(data, executor=client.get_executor())
        assert scores_of(there) == scores_of(searched(data))
        victims = [worker.process.pid for worker in cluster.workers.values()]

        def kill_one(study, trial):
            if victims:
                os.kill(victims.pop(), signal.SIGKILL)
                victims.clear()

        space = {"model": [Sleeping(0.3), Sleeping(0.31), Sleeping(0.32), "linear"]}
        found = searched(
            data, space, executor=client.get_executor(), callbacks=[kill_one]
        )
        assert not victims
        assert set(found.cv_results_["state"]) == {"complete"}
