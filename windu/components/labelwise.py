"""One model per label, for models of a single target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.multioutput import MultiOutputClassifier

from windu._compat.row_order import match_rows

__all__ = ["LabelwiseClassifier", "takes_labels", "yes_probabilities"]


class LabelwiseClassifier(MultiOutputClassifier):
    """One clone of a classifier per label; a constant label needs no classifier.

    scikit-learn's `MultiOutputClassifier` hands a label of which the training rows
    know only one value to the classifier, which most refuse: rare labels then fail
    in cross-validation.

    Parameters
    ----------
    estimator : classifier
        Fitted once a label.
    n_jobs : int, default=None
        Number of labels fitted at a time.

    Attributes
    ----------
    estimators_ : list of classifier
        One a label.
    classes_ : list of ndarray
        The values of each label.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from windu import LabelwiseClassifier
    >>> X, Y = np.array([[-9.0], [0.0], [9.0]]), np.array([[0, 1], [0, 1], [1, 1]])
    >>> LabelwiseClassifier(LogisticRegression()).fit(X, Y).predict(X)
    array([[0, 1],
           [0, 1],
           [1, 1]])
    """

    estimators_: list[Any]

    def fit(
        self, X: Any, Y: Any, sample_weight: Any = None, **fit_params: Any
    ) -> LabelwiseClassifier:
        """Fit one classifier per label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The matrix.
        Y : array-like of shape (n_samples, n_labels)
            0 and 1.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, for a classifier that takes them.
        **fit_params : dict
            For the classifier's `fit`.

        Returns
        -------
        LabelwiseClassifier
            The fitted classifier.

        Raises
        ------
        TargetError, PartError
            If the target or metadata are of other rows, or of the same in another
            order.
        """
        match_rows({"X": X, "Y": Y, "sample_weight": sample_weight, **fit_params})
        Y = np.asarray(Y)
        varies = [Y.ndim < 2 or len(np.unique(column)) > 1 for column in Y.T]
        if all(varies) or Y.ndim < 2:
            return super().fit(X, Y, sample_weight, **fit_params)
        if any(varies):
            super().fit(X, Y[:, varies], sample_weight, **fit_params)
        fitted: Iterator[Any] = iter(self.estimators_ if any(varies) else [])
        self.estimators_ = [
            next(fitted) if vary else DummyClassifier(strategy="prior").fit(X, Y[:, i])
            for i, vary in enumerate(varies)
        ]
        self.classes_ = [estimator.classes_ for estimator in self.estimators_]
        return self

    def score(self, X: Any, y: Any) -> float:
        """Return the share of rows whose labels are all correct.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As in `fit`.
        y : array-like of shape (n_samples, n_labels)
            True labels.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        TargetError
            If y is of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y})
        return float(super().score(X, y))


def takes_labels(model: Any) -> bool:
    """Tell whether a classifier accepts an indicator matrix.

    Parameters
    ----------
    model : classifier
        Fitted or not.

    Returns
    -------
    bool
        True too for one that takes nothing else, such as `ClassifierChain`.
    """
    tags = model.__sklearn_tags__()
    if tags.classifier_tags is None:
        return False
    return bool(tags.classifier_tags.multi_label) or not tags.target_tags.single_output


def yes_probabilities(probabilities: Any, classes: Any) -> np.ndarray:
    """Return the probability of *yes* for each label, from any form of output.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_labels), or list of ndarray
        What `predict_proba` of a multilabel model gave; a list has one array of
        shape (n_samples, n_classes of the label) a label.
    classes : list of ndarray
        Classes of each label; used for a list only.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
        Probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.components.labelwise import yes_probabilities
    >>> yes_probabilities([np.array([[0.2, 0.8]]), np.array([[1.0]])], [[0, 1], [0]])
    array([[0.8, 0. ]])
    """
    if not isinstance(probabilities, list):
        return np.asarray(probabilities)
    columns = []
    for label, classes_of_label in zip(probabilities, classes, strict=True):
        yes = np.flatnonzero(np.asarray(classes_of_label) == 1)
        columns.append(label[:, yes[0]] if len(yes) else np.zeros(len(label)))
    return np.column_stack(columns)
