"""The loop of a search: ask for trials, evaluate folds, report results."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from windu.estimator.digests import digest_of
from windu.exceptions import SearchError, WinduWarning
from windu.search.folds import FoldResult
from windu.search.samplers import INTERRUPTED
from windu.search.studies import (
    OWNER,
    POINT,
    RESULT,
    end_interrupted,
    finished,
    is_interrupted,
    owner,
    queue_next,
    result_of,
    take_over,
)
from windu.search.workers import Workers

__all__ = ["Trials"]

#: Number of repeated trials in a row after which a space counts as exhausted.
_REPEATS = 50


@dataclass
class _Running:
    trial: Trial
    params: dict[str, Any]
    results: list[FoldResult] = field(default_factory=list)
    #: Whether nothing else runs beside it.
    alone: bool = False


@dataclass
class Trials:
    """Runs trials until one of the bounds is reached.

    Parameters
    ----------
    study : optuna.study.Study
        Where trials are kept.
    space : callable
        From a trial to parameters.
    workers : Workers
        Who evaluates.
    n_folds : int
        Of each trial.
    metric_of : callable
        Called with the scores of the first fold; returns the name of the one that is
        maximised.
    n_trials : int or None
        How many the study shall have in all.
    deadline : float or None
        By `time.monotonic`; the first trial is always finished.
    points : sequence of mapping
        Tried before anything is sampled.
    only_points : bool
        Whether nothing else is tried.
    grid : sequence of mapping
        All points of a space that can be counted; none is tried twice.
    n_refits : int
        Fits on all rows after the search that end before the deadline.
    max_latency_ms : float or None
        Slower candidates are given up after their first fold.
    error_score : float or "raise"
        In the place of the scores of a fold that failed; not a number ends the trial.
    catch : tuple of type
        Errors that are not raised even so.
    callbacks : sequence of callable
        Called with the study and each trial that has ended, as by
        `optuna.study.Study.optimize`; they may stop the study.

    Attributes
    ----------
    first_cause : Exception or None
        Why the first trial of this process failed that did.
    outputs : dict of int to list of ndarray
        Predictions for the held-out rows of each fold, of the trials of this process.
    """

    study: Study
    space: Callable[[Any], dict[str, Any]]
    workers: Workers
    n_folds: int
    metric_of: Callable[[Mapping[str, float]], str]
    n_trials: int | None = None
    deadline: float | None = None
    points: Sequence[Mapping[str, Any]] = ()
    only_points: bool = False
    grid: Sequence[Mapping[str, Any]] = ()
    n_refits: int = 0
    max_latency_ms: float | None = None
    error_score: Any = np.nan
    catch: tuple[type[Exception], ...] = ()
    callbacks: Sequence[Callable[[Study, FrozenTrial], None]] = ()
    first_cause: Exception | None = None
    outputs: dict[int, list[np.ndarray]] = field(default_factory=dict)
    _running: dict[Future[FoldResult], _Running] = field(default_factory=dict)
    _suspects: list[_Running] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)
    _repeated: int = 0
    _metric: str | None = None

    def run(self) -> None:
        """Run trials; Ctrl-C ends them, if there is something to go on with."""
        self._owner = owner()
        take_over(self.study, self._owner)
        self._remember()
        # So optuna lets callbacks and samplers stop a study.
        self.study._stop_flag = False
        self.study._thread_local.in_optimize_loop = True
        try:
            self._loop()
        except (KeyboardInterrupt, BrokenExecutor) as stop:
            states = [TrialState.COMPLETE]
            n_complete = len(self.study.get_trials(deepcopy=False, states=states))
            if not n_complete:
                raise
            warnings.warn(
                f"The search was interrupted{_why(stop)}. {n_complete} of its trials "
                "are complete; the best of them counts. Run the same line to go on, if "
                "there is a storage.",
                WinduWarning,
                stacklevel=4,
            )
        finally:
            self.study._thread_local.in_optimize_loop = False
            for running in (*self._running.values(), *self._suspects):
                end_interrupted(self.study, running.trial.number)
            self.workers.stop()

    def _loop(self) -> None:
        while True:
            if self._suspects and not self._running:
                suspect = self._suspects.pop(0)
                suspect.alone = True
                with self._unless_taken(suspect.trial):
                    self._submit(suspect)
            while self._has_room() and self._may_begin():
                trial = self.study.ask()
                with self._unless_taken(trial):
                    self._begin(trial)
            if not self._running:
                return
            done = self.workers.first(self._running, self._seconds_left())
            if not done:
                return
            for future in done:
                running, result = self._running.pop(future), _result(future)
                if result.killed and not running.alone:
                    # A killed process ends all of them: each suspect is run alone.
                    self._suspects.append(running)
                else:
                    with self._unless_taken(running.trial):
                        self._take_result(running, result)

    def _has_room(self) -> bool:
        lonely = any(running.alone for running in self._running.values())
        free = len(self._running) < self.workers.size
        return free and not self._suspects and not lonely

    def _seconds_left(self) -> float | None:
        if self.deadline is None or not finished(self.study):
            return None
        return max(0.0, self.deadline - self._refit_seconds() - time.monotonic())

    def _refit_seconds(self) -> float:
        """Return about what the fits on all rows take, where the time counts them."""
        complete = [t for t in finished(self.study) if t.value is not None]
        if not self.n_refits or not complete:
            return 0.0
        best = max(complete, key=lambda trial: trial.value or -np.inf)
        seconds = float(np.mean(result_of(best)["fit_time"]))
        # A fold lacks the rows that it is scored on.
        return seconds * self.n_refits * (1 + 1 / max(1, self.n_folds - 1))

    def _is_late(self) -> bool:
        return self._seconds_left() == 0

    def _may_begin(self) -> bool:
        if self._repeated >= _REPEATS or self._is_late() or self.study._stop_flag:
            return False
        if self.n_trials is not None:
            trials = self.study.get_trials(deepcopy=False)
            # Interrupted trials are repeated, and waiting ones not begun.
            begun = [trial for trial in trials if trial.state != TrialState.WAITING]
            if (
                sum(INTERRUPTED not in begun_trial.user_attrs for begun_trial in begun)
                >= self.n_trials
            ):
                return False
        if queue_next(self.study, self.points):
            return True
        return not self.only_points and not (self.grid and not self._unseen())

    @contextmanager
    def _unless_taken(self, trial: Trial) -> Iterator[None]:
        """Drop a trial that another process took over and has queued again.

        A process that starts cannot tell a trial that is not signed yet from one whose
        process was killed before it signed. One that Ctrl-C meets is queued here.
        """
        try:
            yield
        except KeyboardInterrupt:
            end_interrupted(self.study, trial.number)
            raise
        except (RuntimeError, ValueError):
            # So optuna refuses what changes a trial that has ended.
            if not is_interrupted(self.study, trial.number):
                raise

    def _begin(self, trial: Trial) -> None:
        trial.set_user_attr(OWNER, self._owner)
        try:
            params = self.space(trial)
        except Exception:
            # An error of the space is not a failure of the trial.
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        if self._is_asked_again(trial):
            self._replace(trial)
        elif not self._repeats(trial, params):
            self._submit(_Running(trial, params))

    def _submit(self, running: _Running) -> None:
        future = self.workers.submit(running.params, len(running.results))
        self._running[future] = running

    def _take_result(self, running: _Running, result: FoldResult) -> None:
        """Take the result of a fold, and go on with the next one or end the trial."""
        trial, results = running.trial, running.results
        running.alone = False
        results.append(result)
        if result.error:
            cause = result.cause or SearchError(result.error)
            self.first_cause = self.first_cause or cause
            ends = self.error_score == "raise" or np.isnan(self.error_score)
            if ends:
                self._end(running, TrialState.FAIL)
            if self.error_score == "raise" and not isinstance(cause, self.catch):
                raise cause
            if ends:
                return None
        elif self._metric is None:
            self._metric = self.metric_of(result.scores)
        trial.report(self._mean(results), len(results) - 1)
        if not result.error and (slow := self._why_slow(results[0])):
            return self._end(running, TrialState.PRUNED, slow)
        if len(results) == self.n_folds:
            return self._end(running, TrialState.COMPLETE)
        if self._falls_behind(trial):
            return self._end(running, TrialState.PRUNED)
        if self._is_late():
            return end_interrupted(self.study, trial.number)
        return self._submit(running)

    def _falls_behind(self, trial: Trial) -> bool:
        # What a search begins with is one good point of each model: all are seen, to
        # learn from and for an ensemble.
        begun_with = POINT in trial.user_attrs and not self.only_points
        return not begun_with and trial.should_prune()

    def _why_slow(self, first: FoldResult) -> str:
        """Return why a candidate is too slow for one row, or ""."""
        limit = self.max_latency_ms
        if limit is None:
            return ""
        if first.latency_ms is None:
            return "One row alone cannot be predicted."
        if first.latency_ms <= limit:
            return ""
        return f"One row takes {first.latency_ms:.3g} ms, more than {limit:.3g} ms."

    def _end(self, running: _Running, state: TrialState, why: str = "") -> None:
        trial, results = running.trial, running.results
        trial.set_user_attr(RESULT, _record_of(results, why))
        value = None
        if state == TrialState.COMPLETE:
            value = self._mean(results)
            outputs = [r.outputs for r in results if r.outputs is not None]
            if len(outputs) == self.n_folds:
                self.outputs[trial.number] = outputs
        self.study.tell(trial, value, state)
        self._repeated = 0
        digest = digest_of(running.params)
        if digest is not None:
            self._known[digest] = trial.number
        self._call_back(trial.number)

    def _mean(self, results: Sequence[FoldResult]) -> float:
        """Return the mean score; one that fails before any score has is its own."""
        metric, missing = self._metric, self.error_score
        return float(np.mean([r.scores.get(metric or "", missing) for r in results]))

    def _call_back(self, number: int) -> None:
        trial = deepcopy(self.study.get_trials(deepcopy=False)[number])
        for callback in self.callbacks:
            callback(self.study, trial)

    def _unseen(self) -> list[Mapping[str, Any]]:
        """Return the points of a grid that no trial has, begun ones included."""
        seen = {
            frozenset(trial.params.items())
            for trial in self.study.get_trials(deepcopy=False)
            if INTERRUPTED not in trial.user_attrs
        }
        return [p for p in self.grid if frozenset(p.items()) not in seen]

    def _is_asked_again(self, trial: Trial) -> bool:
        if not self.grid or self.only_points:
            return False
        return any(
            earlier.params == trial.params and INTERRUPTED not in earlier.user_attrs
            for earlier in self.study.get_trials(deepcopy=False)[: trial.number]
        )

    def _replace(self, trial: Trial) -> None:
        """Give a trial up that has the point of another, and queue one that none has.

        Samplers do not know what has been tried, but for few.
        """
        trial.set_user_attr(INTERRUPTED, True)
        self.study.tell(trial, state=TrialState.FAIL)
        unseen = self._unseen()
        if unseen:
            chosen = np.random.default_rng(trial.number).integers(len(unseen))
            self.study.enqueue_trial(dict(unseen[chosen]))

    def _remember(self) -> None:
        """Learn what has been tried before this process."""
        for trial in finished(self.study):
            try:
                key = digest_of(self.space(trial))
            except ValueError:
                # It ended before it was asked for everything.
                continue
            if key is not None:
                self._known.setdefault(key, trial.number)

    def _repeats(self, trial: Trial, params: Mapping[str, Any]) -> bool:
        """Give a trial with the parameters of an earlier one the result of that."""
        key = digest_of(dict(params))
        if key is None or key not in self._known:
            return False
        earlier = self.study.get_trials(deepcopy=False)[self._known[key]]
        trial.set_user_attr(RESULT, result_of(earlier) | {"repeats": earlier.number})
        for step, score in earlier.intermediate_values.items():
            trial.report(score, step)
        complete = earlier.state == TrialState.COMPLETE
        self.study.tell(trial, earlier.value if complete else None, earlier.state)
        self._repeated += 1
        self._call_back(trial.number)
        return True


def _why(stop: BaseException) -> str:
    return "" if isinstance(stop, KeyboardInterrupt) else f" by {stop!r}"


def _result(future: Future[FoldResult]) -> FoldResult:
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None:
        return future.result()
    # The process that evaluated it is gone.
    reason = str(error).strip().partition("\n")[0]
    return FoldResult(error=f"{type(error).__name__}: {reason}", killed=True)


def _record_of(results: Sequence[FoldResult], why: str) -> dict[str, Any]:
    """Return what a trial keeps of its folds; why it ended may be an error of one."""
    errors = [result.error for result in results if result.error]
    record: dict[str, Any] = {
        "scores": [result.scores for result in results],
        "fit_time": [result.fit_time for result in results],
        "score_time": [result.score_time for result in results],
    }
    if why or errors:
        record["error"] = why or errors[0]
        record["n_failed"] = len(errors)
    if any(result.train_scores for result in results):
        record["train_scores"] = [result.train_scores for result in results]
    rounds = [result.rounds for result in results]
    if rounds and None not in rounds:
        record["rounds"] = rounds
    for name in ("latency_ms", "size_bytes"):
        measured = [getattr(result, name) for result in results]
        if measured_known := [value for value in measured if value is not None]:
            record[name] = measured_known[0]
    return record
