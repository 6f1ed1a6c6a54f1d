"""Calls and searches that are stopped when their time is over."""

import signal
import threading
import time
from typing import ClassVar

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState
from sklearn.linear_model import LogisticRegression

from windu import OptunaSearchCV, WinduEstimator
from windu.search.trials import Trials
from windu.search.workers import call_within

needs_alarm = pytest.mark.skipif(
    not hasattr(signal, "SIGALRM"), reason="Windows has no alarm"
)


def sleep_long():
    time.sleep(60)
    return "slept"


@needs_alarm
def test_call_is_stopped():
    assert call_within(0.05, sleep_long) is None
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@needs_alarm
def test_library_that_makes_an_interrupt_of_its_own():
    """CatBoost forgets what stopped it."""

    def rewrites():
        try:
            sleep_long()
        except KeyboardInterrupt:
            raise KeyboardInterrupt("") from None

    assert call_within(0.05, rewrites) is None


@needs_alarm
def test_time_that_is_over_before():
    assert call_within(0, sleep_long) is None
    assert call_within(-1.0, sleep_long) is None


@pytest.mark.parametrize("seconds", [None, 60])
def test_call_that_ends_in_time(seconds):
    assert call_within(seconds, lambda: "done") == "done"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_errors_come_through(error):
    """Ctrl-C in time is what it was."""

    def fails():
        raise error

    with pytest.raises(error):
        call_within(60, fails)
    if hasattr(signal, "SIGALRM"):
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


@needs_alarm
def test_alarm_of_the_program_is_left_alone():
    def handler(*_):
        raise AssertionError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        assert call_within(0.01, lambda: time.sleep(0.1) or "done") == "done"
        assert signal.getsignal(signal.SIGALRM) is handler
    finally:
        signal.signal(signal.SIGALRM, before)


def test_other_threads_are_not_stopped():
    found = []

    def run():
        found.append(call_within(0.01, lambda: time.sleep(0.1) or "done"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == ["done"]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=60)})
    return X, np.where(X["x"] > 0, "yes", "no")


def search(data, space, estimator):
    options = {"timeout": 2, "cv": 3, "random_state": 0, "refit": False}
    return OptunaSearchCV(estimator, space, **options).fit(*data)


class Sleeps(LogisticRegression):
    """Hardly ends from its second trial on."""

    fits: ClassVar[list[float]] = []

    def fit(self, X, y, sample_weight=None):
        Sleeps.fits.append(self.C)
        time.sleep(60 if len(Sleeps.fits) > 3 else 0)
        return super().fit(X, y)


@pytest.mark.slow
@needs_alarm
def test_time_ends_a_fold(data):
    """What runs when time is over is stopped, and stays to be made."""
    Sleeps.fits.clear()
    estimator = WinduEstimator(Sleeps(), task="binary")
    found = search(data, {"model__C": {"float": [0.1, 9.0]}}, estimator)
    assert found.cv_results_["state"].tolist() == ["complete"]
    assert len(Sleeps.fits) == 4
    states = [trial.state for trial in found.study_.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.WAITING]


@pytest.mark.slow
def test_time_ends_a_search_in_which_all_fails(data):
    """The first reason is raised; it does not go on until something works."""
    estimator = WinduEstimator("linear", task="binary")
    with pytest.raises(ValueError, match="'C' parameter of LogisticRegression"):
        search(data, {"model__C": {"float": [-2.0, -1.0]}}, estimator)


def test_time_for_the_refit():
    """The trials end early by what the fits on all rows will take."""
    study = optuna.create_study(direction="maximize")
    for value, seconds in ((0.5, 100.0), (0.7, 4.0)):
        trial = study.ask()
        trial.set_user_attr("result", {"fit_time": [seconds] * 5})
        study.tell(trial, value)
    deadline = time.monotonic() + 1000
    left = [
        Trials(study, dict, None, 5, str, deadline=deadline, n_refits=n)._seconds_left()
        for n in (0, 1, 8)
    ]
    # Four of five folds' rows take 4 s, so all rows take 5 s.
    assert left[0] - left[1] == pytest.approx(5, abs=0.5)
    assert left[0] - left[2] == pytest.approx(40, abs=0.5)
