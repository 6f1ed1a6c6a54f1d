"""What is right and wrong class by class, and label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

from windu.evaluation.held_out import HeldOut

__all__ = ["by_class"]

#: More classes than this have no confusion matrix of their own.
MAX_CLASSES = 50


def by_class(held: HeldOut) -> dict[str, Any]:
    """Return the table of classes, and what was taken for what.

    Parameters
    ----------
    held : HeldOut
        Of a task with classes or labels.

    Returns
    -------
    dict
        ``classes``: by name, precision, recall, f1 and rows (those of the class).
        ``confusion``, for up to 50 classes: one row a true class, one column a
        predicted one; for labels one such table each, no before yes. The rows of
        a class that was never trained on stand in neither; ``unknown`` counts them.
    """
    n_classes = len(held.names)
    several = held.task == "multilabel"
    columns = metrics.precision_recall_fscore_support(
        *(held.truth, held.predicted),
        labels=None if several else range(n_classes),
        zero_division=0.0,
    )
    names = ("precision", "recall", "f1", "rows")
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    made: dict[str, Any] = {
        "classes": {
            label: dict(zip(names, row, strict=True))
            for label, row in zip(held.names, rows, strict=True)
        }
    }
    if unknown := int((held.truth < 0).sum()):
        made["unknown"] = unknown
    if n_classes > MAX_CLASSES:
        return made
    if several:
        made["confusion"] = metrics.multilabel_confusion_matrix(
            held.truth, held.predicted
        ).tolist()
    else:
        known = held.truth >= 0
        counts = np.zeros((n_classes, n_classes), dtype=int)
        np.add.at(counts, (held.truth[known], held.predicted[known]), 1)
        made["confusion"] = counts.tolist()
    return made
