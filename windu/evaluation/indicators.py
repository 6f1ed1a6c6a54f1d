"""Several labels as scikit-learn's scores want them: 0 and 1, one column a label."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import (
    brier_score_loss,
    d2_brier_score,
    d2_log_loss_score,
    log_loss,
)

from windu._compat.sklearn import scorer_parts, with_function
from windu.estimator.labels import encode
from windu.tasks import read_target

__all__ = ["AsIndicators", "IndicatorScorer", "column_classes", "indicators"]

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
    """Return what the columns of probabilities stand for.

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
    """A scorer of scikit-learn's that is shown indicators.

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
