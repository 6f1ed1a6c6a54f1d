"""A search that is killed again and again loses no trial that had ended."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

#: Forks a search of a process that has imported everything, and kills it, often.
KILLS = """
import json, os, random, signal, sys, time
import numpy as np, optuna, pandas as pd
from windu import OptunaSearchCV, WinduEstimator

path, n_kills = json.loads(sys.argv[1])
optuna.logging.set_verbosity(optuna.logging.ERROR)
rng = np.random.default_rng(0)
X = pd.DataFrame({"x": rng.normal(size=60), "z": rng.normal(size=60)})
y = np.where(X["x"] > 0, "yes", "no")

def search(storage, n_trials):
    return OptunaSearchCV(
        WinduEstimator("linear", task="binary"),
        {"model__C": {"float": [0.001, 10], "log": True}},
        cv=2, n_trials=n_trials, random_state=0, storage=storage, pruner=None,
        scoring="neg_log_loss",
    ).fit(X, y)

search(None, 1)
search(path + ".other", 1)
start = time.perf_counter()
search(path + ".other", 2)
# About the time from opening the storage to the end of a trial.
usual = time.perf_counter() - start

def ended():
    try:
        study = optuna.load_study(study_name="windu", storage=f"sqlite:///{path}")
    except KeyError:
        return {}
    return {
        trial.number: (trial.state.name, trial.value, str(sorted(trial.params.items())))
        for trial in study.trials
        if trial.state.is_finished() and "interrupted" not in trial.user_attrs
    }

random.seed(0)
known, lost, killed = {}, 0, 0
while killed < n_kills:
    child = os.fork()
    if not child:
        search(path, 10_000)
        os._exit(0)
    time.sleep(random.uniform(0.5, 3) * usual)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    killed += 1
    if os.path.exists(path) and killed % 5 == 0:
        now = ended()
        lost += sum(now.get(number) != trial for number, trial in known.items())
        known = now
found = search(path, len(known) + 2)
whole = search(None, len(known) + 2)
same = np.array_equal(
    found.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
)
print(json.dumps([len(known), lost, bool(same)]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_twenty_kills(tmp_path):
    """No trial that had ended is lost, and all are those of one undisturbed search."""
    given = json.dumps([str(tmp_path / "search.db"), 20])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLS, given],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
    )
    n_trials, lost, same = json.loads(done.stdout.splitlines()[-1])
    assert n_trials > 2
    assert lost == 0
    assert same
