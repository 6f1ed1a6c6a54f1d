"""What scikit-learn's scorers have to know of the classes and labels of a table."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from windu._compat.row_order import match_rows
from windu._compat.sklearn import change_scorers, with_labels
from windu.evaluation.indicators import IndicatorScorer
from windu.search.ensembles import classes_of
from windu.search.folds import Job
from windu.tasks import read_target

__all__ = ["MatchedScore", "adapt_scorers"]


class MatchedScore:
    """The score of a search; a mixin, left of scikit-learn's."""

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Return the score of the best estimator.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like, default=None
            As in `fit`.
        **params : dict
            For the scorer, where metadata routing is enabled.

        Returns
        -------
        float
            By `scoring`, else by the estimator's own `score`.

        Raises
        ------
        TargetError, PartError
            If y or metadata are of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y, **params})
        return super().score(X, y, **params)  # type: ignore[misc]


def adapt_scorers(job: Job) -> None:
    """Tell scikit-learn's scorers what they cannot see for themselves.

    Those of several classes hear of classes that a fold lacks: otherwise its
    probabilities have fewer columns than another's, and a score of them, such as the
    log-loss, cannot be had. Those of several labels are shown indicators: two labels
    are two classes to them otherwise, and lists of labels nothing.

    Parameters
    ----------
    job : Job
        Of a `WinduEstimator` or another estimator, which is left alone, as are scorers
        of a user's own.
    """
    task = getattr(job.estimator, "task", None)
    if task == "multilabel":
        job.scorer = change_scorers(job.scorer, IndicatorScorer)
    if task != "multiclass":
        return
    classes = classes_of(job.estimator, job.y)
    if classes is None:
        return
    job.classes = classes
    labels = np.asarray(read_target(job.y).values)
    n_classes = [len(np.unique(labels[rows])) for rows in chain(*job.splits)]
    if min(n_classes) < len(classes):
        job.scorer = change_scorers(
            job.scorer, lambda scorer: with_labels(scorer, classes)
        )
