"""What the trials of a study say: scores, times, sizes, as tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import rankdata

from windu._compat.sklearn import count_rows, take_rows
from windu.estimator.parts import name_of
from windu.exceptions import PersistenceError
from windu.persistence.objects import dump
from windu.search.studies import result_of

__all__ = ["latency_of", "leaderboard_of", "results_of", "size_of"]

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
    method = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
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

    Returns
    -------
    dict of str to array
        One entry a trial, in their order. A trial that is not complete has no mean
        and shares the last rank; ``trial``, ``state`` and ``error`` say more of it.
    """
    params = [_params_of(trial, space) for trial in trials]
    names = sorted({name for params_of_trial in params for name in params_of_trial})
    complete = np.array([trial.state == TrialState.COMPLETE for trial in trials])
    results: dict[str, Any] = {}
    for name in ("fit_time", "score_time"):
        times = [result_of(trial).get(name) or [np.nan] for trial in trials]
        results[f"mean_{name}"] = np.array([np.mean(of_folds) for of_folds in times])
        results[f"std_{name}"] = np.array([np.std(of_folds) for of_folds in times])
    for name in names:
        results[f"param_{name}"] = np.ma.array(
            _objects([params_of_trial.get(name) for params_of_trial in params]),
            mask=[name not in params_of_trial for params_of_trial in params],
        )
    results["params"] = params
    for metric in dict.fromkeys(m for t in trials for s in _scores(t) for m in s):
        scores = np.full((len(trials), n_folds), np.nan)
        for row, trial in zip(scores, trials, strict=True):
            values_of_metric = [
                scores_of_fold[metric] for scores_of_fold in _scores(trial)
            ]
            row[: len(values_of_metric)] = values_of_metric
        results |= _summary(metric, scores, complete)
    results["trial"] = np.array([trial.number for trial in trials])
    results["state"] = np.array([trial.state.name.lower() for trial in trials])
    results["error"] = _objects([result_of(trial).get("error", "") for trial in trials])
    return results


def _summary(metric: str, scores: np.ndarray, complete: np.ndarray) -> dict[str, Any]:
    mean = np.full(len(scores), np.nan)
    std = mean.copy()
    mean[complete] = scores[complete].mean(axis=1)
    std[complete] = scores[complete].std(axis=1)
    ranks = rankdata(-np.where(complete, mean, -np.inf), method="min")
    return {
        **{f"split{i}_test_{metric}": column for i, column in enumerate(scores.T)},
        f"mean_test_{metric}": mean,
        f"std_test_{metric}": std,
        f"rank_test_{metric}": ranks.astype(np.int32),
    }


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


def _scores(trial: FrozenTrial) -> list[dict[str, float]]:
    return result_of(trial).get("scores", [])


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return name_of(value)
