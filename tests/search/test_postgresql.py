"""Searches that share a PostgreSQL server, which `.ci/run` starts."""

import json
import os
import secrets
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from windu import OptunaSearchCV, WinduEstimator
from windu.exceptions import SearchError

URL = os.environ.get("WINDU_TEST_POSTGRESQL")

pytestmark = pytest.mark.skipif(
    URL is None, reason="WINDU_TEST_POSTGRESQL names no server"
)

SHARED = """
import json, sys
from tests.search.test_postgresql import search
url, name = json.loads(sys.argv[1])
found = search(url, study_name=name, n_trials=12)
print(json.dumps(found.cv_results_["trial"].tolist()))
"""


def search(url, **options):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=60)})
    y = np.where(X["x"] > 0, "yes", "no")
    return OptunaSearchCV(
        WinduEstimator("linear", task="binary"),
        {"model__C": {"float": [0.001, 10], "log": True}},
        cv=2,
        random_state=0,
        storage=url,
        scoring="neg_log_loss",
        **options,
    ).fit(X, y)


@pytest.fixture
def name():
    return f"test-{secrets.token_hex(6)}"


def test_goes_on_and_equals_a_search_in_memory(name):
    """Where it is kept changes nothing; what changed is refused."""
    search(URL, study_name=name, n_trials=3)
    found = search(URL, study_name=name, n_trials=7)
    whole = search(None, n_trials=7)
    scores = [one.cv_results_["mean_test_score"].tolist() for one in (found, whole)]
    assert np.array_equal(*scores, equal_nan=True)
    with pytest.raises(SearchError, match="the estimator"):
        OptunaSearchCV(
            WinduEstimator("linear", task="binary", random_state=3),
            {"model__C": {"float": [0.001, 10], "log": True}},
            storage=URL,
            study_name=name,
        ).fit(pd.DataFrame({"x": np.arange(60.0)}), np.arange(60) % 2)


def test_two_processes_share_the_trials(name):
    """Both end, each trial was made once."""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SHARED, json.dumps([URL, name])],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    found = [json.loads(one.communicate()[0].splitlines()[-1]) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert 12 <= max(map(len, found)) <= 13
