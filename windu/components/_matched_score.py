"""The score of a model, for rows whose indexes belong together."""

from __future__ import annotations

from typing import Any

from windu._compat.row_order import match_rows

__all__ = ["MatchedScore"]


class MatchedScore:
    """A mixin, left of scikit-learn's, that compares the rows before it scores."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of a classifier, or R2 of a regressor.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The larger, the better.

        Raises
        ------
        TargetError, PartError
            If y or the weights are of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y, "sample_weight": sample_weight})
        return super().score(X, y, sample_weight)  # type: ignore[misc]
