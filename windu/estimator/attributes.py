"""Fitted attributes that are made when somebody looks at them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.estimator.delegation import classes_of
from windu.schema.columns import TableSchema
from windu.schema.example import unpack_frame
from windu.schema.pandera_schema import to_pandera

__all__ = ["FittedAttributes"]


class FittedAttributes:
    """What `WinduEstimator` keeps as plain data, in the form that users want."""

    _table_schema: TableSchema
    task_: str | None
    featurizer_: Any
    transformer_: Any
    label_encoder_: Any
    model_: Any
    threshold_: Any
    replacement_report_: pd.DataFrame

    @property
    def classes_(self) -> np.ndarray:
        """Classes, or labels of a multilabel target."""
        return classes_of(self)

    @property
    def schema_(self) -> Any:
        """Schema of the input table, as a pandera `DataFrameSchema`."""
        return to_pandera(self._fitted("_table_schema"))

    @property
    def feature_schema_(self) -> Any:
        """Schema of what the featurizer gives, as a pandera `DataFrameSchema`."""
        return to_pandera(self._fitted("_feature_table_schema"))

    @property
    def example_(self) -> pd.DataFrame:
        """Rows of the training table."""
        return unpack_frame(self._fitted("_example"))

    @property
    def feature_report_(self) -> pd.DataFrame:
        """One row a column: kind, what was done, why."""
        featurizer = self._fitted("featurizer_")
        if hasattr(featurizer, "report_"):
            return featurizer.report_
        report = self._table_schema.describe()[["column", "kind", "why"]]
        action = "kept" if featurizer is None else "given to the featurizer"
        return report.assign(action=action)

    def _fitted(self, attribute: str) -> Any:
        # hasattr must say no before fit, hence an AttributeError.
        if attribute not in vars(self):
            raise AttributeError(
                f"This {type(self).__name__} is not fitted yet. Call fit first."
            )
        return vars(self)[attribute]
