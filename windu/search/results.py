"""What the trials of a study say: scores, times, sizes, as tables."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from windu._compat.sklearn import count_rows, take_rows
from windu.estimator.parts import name_of
from windu.exceptions import PersistenceError, SearchError
from windu.persistence.objects import dump
from windu.search.studies import result_of

__all__ = [
    "error_of",
    "failures_of",
    "latency_of",
    "leaderboard_of",
    "results_of",
    "size_of",
]

#: Single rows that are timed; the median counts. Of slow ones, three are enough.
_TIMED_ROWS = 7
_FEW_ROWS, _LONG = 3, 0.02
#: Saving takes more time for the last few percent.
_QUICK = 1


def latency_of(estimator: Any, X: Any) -> float | None:
    """Return the median time of a prediction for one row.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : table of shape (n_samples, n_columns)
        Whose rows are predicted.

    Returns
    -------
    float or None
        Milliseconds. None where one row cannot be predicted, since something looks
        across rows.
    """
    methods = ("predict_proba", "predict", "transform", "score_samples")
    method = next((name for name in methods if hasattr(estimator, name)), None)
    if method is None:
        return None
    predict = getattr(estimator, method)
    n_rows, times = count_rows(X), []
    # The first row may compile something.
    for i in range(_TIMED_ROWS + 1):
        row = take_rows(X, [i % n_rows])
        start = time.perf_counter()
        try:
            predict(row)
        except Exception:
            # A user's model may refuse one row in any way.
            return None
        times.append(time.perf_counter() - start)
        if i >= _FEW_ROWS and sum(times[1:]) > _LONG:
            break
    return float(np.median(times[1:])) * 1000


def size_of(model: Any) -> int | None:
    """Return about how many bytes a fitted model has where it is stored.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    int or None
        Bytes, compressed quickly: for trees up to a sixth more than `save` writes.
        None for a model that cannot be stored.
    """
    sizes: list[int] = []

    def store(suffix: str, data: bytes) -> str:
        sizes.append(len(data))
        return suffix

    try:
        return len(dump(model, store, compresslevel=_QUICK)) + sum(sizes)
    except PersistenceError:
        return None


def results_of(
    trials: Sequence[FrozenTrial],
    space: Callable[[Any], dict[str, Any]],
    n_folds: int,
    *,
    format_results: Callable[..., dict[str, Any]],
    error_score: float = np.nan,
) -> dict[str, Any]:
    """Return what scikit-learn calls ``cv_results_``.

    Parameters
    ----------
    trials : sequence of FrozenTrial
        All that have ended.
    space : callable
        From a trial to parameters.
    n_folds : int
        Of each trial.
    format_results : callable
        Of scikit-learn's searches: from parameters and the results of all folds.
    error_score : float
        In the place of scores of folds that failed.

    Returns
    -------
    dict of str to array
        One entry a trial, in their order. A trial that is not complete has no mean
        and shares the last rank; ``trial``, ``state`` and ``error`` say more of it.
    """
    records = [dict(result_of(trial)) for trial in trials]
    names = {
        kind: [*dict.fromkeys(m for r in records for s in r.get(kind, []) for m in s)]
        for kind in ("scores", "train_scores")
    }

    def scores(record: Mapping[str, Any], kind: str, fold: int) -> Any:
        known = record.get(kind, [])
        missing = error_score if fold < len(record.get("scores", [])) else np.nan
        scores_of_fold = known[fold] if fold < len(known) else {}
        named = {name: scores_of_fold.get(name, missing) for name in names[kind]}
        return named["score"] if names[kind] == ["score"] else named

    def seconds(record: Mapping[str, Any], kind: str, fold: int) -> float:
        times = record.get(kind, [])
        return float(times[fold]) if fold < len(times) else np.nan

    for record, trial in zip(records, trials, strict=True):
        if trial.state != TrialState.COMPLETE:
            # What was given up after its last fold has no mean either.
            record["scores"] = record.get("scores", [])[: n_folds - 1]
    folds = [
        {
            "test_scores": scores(record, "scores", fold),
            "train_scores": scores(record, "train_scores", fold),
            "fit_time": seconds(record, "fit_time", fold),
            "score_time": seconds(record, "score_time", fold),
        }
        for record in records
        for fold in range(n_folds)
    ]
    params = [_params_of(trial, space) for trial in trials]
    with warnings.catch_warnings():
        # What was given up or failed has no scores, and is told otherwise.
        warnings.filterwarnings("ignore", "One or more of the", UserWarning)
        results = format_results(params, n_folds, folds)
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        warnings.filterwarnings("ignore", "Degrees of freedom", RuntimeWarning)
        for name in ("fit_time", "score_time"):
            times = np.reshape([fold[name] for fold in folds], (len(trials), n_folds))
            results[f"mean_{name}"] = np.nanmean(times, axis=1)
            results[f"std_{name}"] = np.nanstd(times, axis=1)
    results["trial"] = np.array([trial.number for trial in trials])
    results["state"] = np.array([trial.state.name.lower() for trial in trials])
    results["error"] = _objects([record.get("error", "") for record in records])
    return results


def error_of(trials: Sequence[FrozenTrial], cause: Exception | None) -> Exception:
    """Return the error of a search without a result: the first reason of a trial."""
    reasons = [
        result_of(trial).get("error") or f"being {trial.state.name.lower()}"
        for trial in trials
    ]
    if not reasons:
        return SearchError("A search needs at least one trial. Got an empty space.")
    note = f"At least one trial must succeed. All {len(reasons)} failed, the first with"
    if cause is None:
        return SearchError(f"{note} {reasons[0]}")
    cause.add_note(f"{note} this.")
    return cause


def failures_of(trials: Sequence[FrozenTrial], error_score: float) -> str:
    """Return how many trials failed and why the first did, empty where none has."""
    records = [result_of(trial) for trial in trials]
    failed = [record for record in records if record.get("n_failed")]
    if not failed:
        return ""
    n_fits = sum(len(record.get("fit_time", [])) for record in records)
    return (
        f"Trials should not fail. Got {len(failed)} of {len(trials)} that did: "
        f"{sum(record['n_failed'] for record in failed)} fits failed out of a total of "
        f"{n_fits}. The score on these train-test partitions for these parameters will "
        f"be set to {error_score}. The first reason: {failed[0]['error'].rstrip('.')}. "
        "`leaderboard_` has the others; error_score='raise' shows where it comes from."
    )


def leaderboard_of(
    trials: Sequence[FrozenTrial], results: Mapping[str, Any], metric: str
) -> pd.DataFrame:
    """Return a table of the trials, the best first.

    Parameters
    ----------
    trials : sequence of FrozenTrial
        All that have ended.
    results : mapping of str to array
        As from `results_of`.
    metric : str
        The score that counts.

    Returns
    -------
    DataFrame
        One row a trial: score and spread over the folds, seconds to fit and to predict
        a fold, milliseconds for one row and bytes of the model where they were
        measured, the state, the reason of a failure, and the parameters.
    """
    n = len(trials)
    table = pd.DataFrame(
        {
            "rank": results.get(f"rank_test_{metric}", np.ones(n, dtype=np.int32)),
            "trial": results["trial"],
            "score": results.get(f"mean_test_{metric}", np.full(n, np.nan)),
            "std": results.get(f"std_test_{metric}", np.full(n, np.nan)),
            "fit_time": results["mean_fit_time"],
            "predict_time": results["mean_score_time"],
            "latency_ms": [result_of(t).get("latency_ms", np.nan) for t in trials],
            "size_bytes": [result_of(t).get("size_bytes", np.nan) for t in trials],
            "state": results["state"],
            "error": results["error"],
        }
    )
    for name in (key for key in results if key.startswith("param_")):
        values = results[name]
        table[name.removeprefix("param_")] = pd.Series(
            _objects(
                [
                    None if absent else _shown(value)
                    for value, absent in zip(
                        values.data, np.ma.getmaskarray(values), strict=True
                    )
                ]
            ),
            dtype=object,
        )
    order = ["rank", "trial"]
    return table.sort_values(order).reset_index(drop=True)


def _params_of(trial: FrozenTrial, space: Callable[[Any], Any]) -> dict[str, Any]:
    try:
        return space(trial)
    except ValueError:
        # It ended before it was asked for everything.
        return dict(trial.params)


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return name_of(value)
