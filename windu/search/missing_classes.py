"""Folds in which a class is missing, as rare ones are."""

from __future__ import annotations

from itertools import chain

import numpy as np

from windu._compat.sklearn import with_labels
from windu.search.ensembles import classes_of
from windu.search.folds import Job
from windu.tasks import read_target

__all__ = ["know_all_classes"]


def know_all_classes(job: Job) -> None:
    """Tell candidates and scores of several classes about those that a fold lacks.

    Otherwise probabilities of a fold have fewer columns than another's, and a score
    of them, such as the log-loss, cannot be had.

    Parameters
    ----------
    job : Job
        Of a `WinduEstimator` or another estimator, which is left alone.
    """
    if getattr(job.estimator, "task", None) != "multiclass":
        return
    classes = classes_of(job.estimator, job.y)
    if classes is None:
        return
    job.classes = classes
    labels = np.asarray(read_target(job.y).values)
    n_classes = [len(np.unique(labels[rows])) for rows in chain(*job.splits)]
    if min(n_classes) < len(classes):
        job.scorer = with_labels(job.scorer, classes)
