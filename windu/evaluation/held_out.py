"""Truth and predictions of held-out rows, and scores of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.inspection import permutation_importance
from sklearn.metrics import (
    brier_score_loss,
    d2_brier_score,
    d2_log_loss_score,
    log_loss,
)

from windu._compat.row_order import match_rows
from windu._compat.sklearn import scorer_parts, take_rows, with_function
from windu.estimator.labels import encode
from windu.tasks import read_target

__all__ = [
    "DEFAULT_ROWS",
    "MAX_COLUMNS",
    "AsIndicators",
    "HeldOut",
    "IndicatorScorer",
    "column_classes",
    "importance_of",
    "indicators",
    "plain",
    "read_held_out",
    "sampled",
]

#: Scores of probabilities that take the labels of a row for classes that exclude each
#: other, and are best where all are certain.
_OF_ONE_LABEL = (log_loss, brier_score_loss, d2_log_loss_score, d2_brier_score)


def indicators(estimator: Any, y: Any) -> np.ndarray:
    """Return labels as 0 and 1, one column a label.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted on several labels.
    y : array-like, DataFrame or list of labels
        In the form of training.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
        In the order of ``classes_``.
    """
    return np.asarray(encode(read_target(y), "multilabel", estimator.label_encoder_))


def column_classes(estimator: Any) -> np.ndarray:
    """Return the classes of the columns of probabilities.

    Parameters
    ----------
    estimator : estimator
        Fitted, with ``classes_``.

    Returns
    -------
    ndarray of shape (n_columns,)
        Classes, labels, or the numbers of labels that have no names.
    """
    classes = np.asarray(estimator.classes_)
    return classes if classes.ndim == 1 else np.arange(len(classes))


class AsIndicators:
    """An estimator whose labels are indicators.

    Its ``classes_`` are those of `sklearn.multioutput.MultiOutputClassifier`, since
    scikit-learn takes an array of two labels for the classes of a binary problem.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted on several labels.
    n_labels : int
        How many.
    """

    def __init__(self, estimator: Any, n_labels: int):
        self._estimator = estimator
        self.classes_ = [np.array([0, 1])] * n_labels

    def __sklearn_tags__(self) -> Any:
        return self._estimator.__sklearn_tags__()

    def fit(self) -> None:
        """Be an estimator."""

    def predict(self, X: Any) -> np.ndarray:
        """Return indicators of shape (n_samples, n_labels)."""
        return indicators(self._estimator, self._estimator.predict(X))

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each label, of shape (n_samples, n_labels)."""
        return self._estimator.predict_proba(X)


class IndicatorScorer:
    """A scorer of scikit-learn that receives indicators.

    The log-loss and the Brier score, which know one label at a time, become their mean
    over the labels.

    Parameters
    ----------
    scorer : callable
        Of estimator, X and y.
    """

    def __init__(self, scorer: Callable[..., float]):
        parts = scorer_parts(scorer)
        if parts is not None and parts[0] in _OF_ONE_LABEL:
            scorer = with_function(scorer, partial(_mean_over_labels, parts[0]))
        self._scorer = scorer

    def __call__(self, estimator: Any, X: Any, y: Any, **params: Any) -> float:
        """Return the score; the parameters are handed on."""
        shown = indicators(estimator, y)
        return self._scorer(AsIndicators(estimator, shown.shape[1]), X, shown, **params)

    def get_metadata_routing(self) -> Any:
        """Return what the scorer asks for."""
        return self._scorer.get_metadata_routing()  # type: ignore[attr-defined]


def _mean_over_labels(
    function: Callable[..., float], y: np.ndarray, scores: np.ndarray, **options: Any
) -> float:
    pairs = zip(y.T, scores.T, strict=True)
    return float(np.mean([function(*pair, labels=[0, 1], **options) for pair in pairs]))


@dataclass(frozen=True)
class HeldOut:
    """True and predicted values.

    Attributes
    ----------
    task : str
        Of the estimator.
    names : list of str
        Classes, labels, or outputs of regression.
    truth, predicted : ndarray
        Codes of classes (-1 for one that was never trained on), of shape (n_samples,);
        0 and 1 a label; numbers of shape (n_samples, n_outputs).
    scores : ndarray of shape (n_samples, n_names) or None
        Probabilities, where the model gives them.
    classes : ndarray of shape (n_names,) or None
        Classes or labels as they are.
    """

    task: str
    names: list[str]
    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray | None = None
    classes: np.ndarray | None = None


def read_held_out(estimator: Any, X: Any, y: Any) -> HeldOut:
    """Return the predictions for held-out rows, with the truth.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    X : table of shape (n_samples, n_columns)
        The rows.
    y : array-like, DataFrame or list of labels
        Their target, in the form of training.

    Returns
    -------
    HeldOut
        Both as numbers.
    """
    match_rows({"X": X, "y": y})
    task = estimator.task_
    if task == "regression":
        truth, predicted = (
            np.asarray(read_target(labels).values, dtype=float).reshape(len(X), -1)
            for labels in (y, estimator.predict(X))
        )
        names = list(getattr(y, "columns", [getattr(y, "name", None)]))
        if len(names) != truth.shape[1] or names == [None]:
            names = list(range(truth.shape[1]))
        return HeldOut(task, list(map(str, names)), truth, predicted)
    has_scores = hasattr(estimator, "predict_proba")
    scores = np.asarray(estimator.predict_proba(X)) if has_scores else None
    classes = column_classes(estimator)
    if task == "multilabel":
        truth = indicators(estimator, y)
        predicted = indicators(estimator, estimator.predict(X))
    else:
        class_index = pd.Index(classes)
        truth, predicted = (
            class_index.get_indexer(pd.Index(np.asarray(labels)))
            for labels in (y, estimator.predict(X))
        )
    names = list(map(str, classes.tolist()))
    return HeldOut(task, names, truth, predicted, scores, classes)


def sampled(n_rows: int, most: int, seed: int = 0) -> np.ndarray:
    """Return positions of rows, in order: all of them, or as many as may be used."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False))


def plain(values: Any) -> list[Any]:
    """Return numbers as JSON holds them, with six digits and None for what is none."""
    array = np.asarray(values)
    if array.dtype.kind in "biu":
        return list(array.tolist())
    return [
        plain(value)
        if isinstance(value, list)
        else (float(f"{value:.6g}") if np.isfinite(value) else None)
        for value in array.astype(float).tolist()
    ]


#: Default number of rows to shuffle.
DEFAULT_ROWS = 1000
#: More columns than this are shuffled only if it is asked for.
MAX_COLUMNS = 200
#: All columns together are shuffled about so often, each at least once.
_SHUFFLES = 100
_MAX_REPEATS = 5


def importance_of(
    estimator: Any, X: pd.DataFrame, y: Any, *, scorer: Any, rows: int | None = None
) -> dict[str, Any] | None:
    """Return how much a score falls where a raw column is shuffled [1]_.

    Columns that say the same share what they are worth, and may both look idle.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : DataFrame of shape (n_samples, n_columns)
        Held-back rows.
    y : array-like
        Their target, as the scorer takes it.
    scorer : callable
        Of estimator, X and y; more is better.
    rows : int, default=None
        How many rows are shuffled at most; None takes 1000, and leaves tables of more
        than 200 columns alone.

    Returns
    -------
    dict or None
        ``rows``, ``repeats``, and by column ``mean`` and ``std`` of the fall, largest
        first; one shuffle has no std. None where the rows have no score, or there are
        too many columns.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.metrics import get_scorer
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> from windu.evaluation import importance_of
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator("linear").fit(X[::2], y[::2])
    >>> found = importance_of(est, X[1::2], y[1::2], scorer=get_scorer("accuracy"))
    >>> next(iter(found["columns"]))
    'bill_length_mm'
    """
    match_rows({"X": X, "y": y})
    n_columns = X.shape[1]
    if rows is None and n_columns > MAX_COLUMNS:
        return None
    at = sampled(len(X), rows or DEFAULT_ROWS)
    repeats = min(_MAX_REPEATS, max(1, _SHUFFLES // n_columns))
    # Shuffled rows count by their place.
    frame = X.iloc[at].reset_index(drop=True)
    truth = take_rows(y, at)
    if isinstance(truth, (pd.Series, pd.DataFrame)):
        truth = truth.reset_index(drop=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            importances = permutation_importance(
                *(estimator, frame, truth),
                **{"scoring": scorer, "n_repeats": repeats, "random_state": 0},
            )
    except ValueError:
        # A sample may lack a class.
        return None
    table = sorted(
        zip(
            map(str, X.columns),
            plain(importances.importances_mean),
            plain(importances.importances_std),
            strict=True,
        ),
        key=lambda row: -(row[1] or 0.0),
    )
    return {
        "rows": len(at),
        "repeats": repeats,
        "columns": {
            name: {"mean": mean, "std": std if repeats > 1 else None}
            for name, mean, std in table
        },
    }
