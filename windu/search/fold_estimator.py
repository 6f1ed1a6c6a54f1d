"""An estimator for the rows of one fold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from windu._compat.sklearn import available_if
from windu.estimator import WinduEstimator
from windu.estimator.delegation import model_has
from windu.estimator.rows import CompiledRows, compile_model

__all__ = ["EstimatorOnFold"]


class EstimatorOnFold(WinduEstimator):
    """An estimator that makes the matrix of the held-out rows once."""

    _rows: Any = None
    #: All classes, where the fold lacks some; to it these are impossible.
    _all: Any = None

    @property
    def classes_(self) -> np.ndarray:  # type: ignore[override]
        """All classes of the table, also those that the fold lacks."""
        return super().classes_ if self._all is None else self._all

    @available_if(model_has("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Return probabilities of all classes, of the fold's once for its rows."""
        probabilities = super().predict_proba(X)
        if self._all is None:
            return probabilities
        columns, fold_classes = self._all.tolist(), super().classes_.tolist()
        outputs = np.zeros((len(probabilities), len(columns)))
        outputs[:, [columns.index(label) for label in fold_classes]] = probabilities
        return outputs

    def _share(
        self,
        rows: Any,
        make_matrix: Callable[[], Any],
        compiled: Callable[[], CompiledRows | None],
    ) -> None:
        self._rows, self._make, self._compiled = rows, make_matrix, compiled
        self._outputs: dict[str, Any] = {}

    @cached_property
    def _short(self) -> CompiledRows | None:
        rows = self._compiled()
        return None if rows is None else compile_model(rows, self)

    def _compiled_rows(self) -> CompiledRows | None:
        return self._short

    def _matrix(self, X: Any) -> tuple[Any, bool]:
        return (self._make(), False) if X is self._rows else super()._matrix(X)

    def _call_model(self, method: str, X: Any) -> Any:
        if X is not self._rows:
            return super()._call_model(method, X)
        if method not in self._outputs:
            self._outputs[method] = super()._call_model(method, X)
        return self._outputs[method]
