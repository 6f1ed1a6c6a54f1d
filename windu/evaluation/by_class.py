"""What is right and wrong class by class, and label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

from windu.evaluation.held_out import HeldOut

__all__ = ["by_class"]

#: More classes than this have no confusion matrix of their own.
MAX_CLASSES = 50


def by_class(held_out: HeldOut) -> dict[str, Any]:
    """Return the table of classes, and what was taken for what.

    Parameters
    ----------
    held_out : HeldOut
        Of a task with classes or labels.

    Returns
    -------
    dict
        ``classes``: by name, precision, recall, f1 and rows (those of the class).
        ``confusion``, for up to 50 classes: one row a true class, one column a
        predicted one; for labels one such table each, no before yes. The rows of
        a class that was never trained on stand in neither; ``unknown`` counts them.
    """
    n_classes = len(held_out.names)
    several = held_out.task == "multilabel"
    columns = metrics.precision_recall_fscore_support(
        *(held_out.truth, held_out.predicted),
        labels=None if several else range(n_classes),
        zero_division=0.0,
    )
    names = ("precision", "recall", "f1", "rows")
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    details: dict[str, Any] = {
        "classes": {
            label: dict(zip(names, row, strict=True))
            for label, row in zip(held_out.names, rows, strict=True)
        }
    }
    if unknown := int((held_out.truth < 0).sum()):
        details["unknown"] = unknown
    if n_classes > MAX_CLASSES:
        return details
    if several:
        details["confusion"] = metrics.multilabel_confusion_matrix(
            held_out.truth, held_out.predicted
        ).tolist()
    else:
        is_known = held_out.truth >= 0
        counts = np.zeros((n_classes, n_classes), dtype=int)
        np.add.at(counts, (held_out.truth[is_known], held_out.predicted[is_known]), 1)
        details["confusion"] = counts.tolist()
    return details
