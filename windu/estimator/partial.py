"""A `WinduEstimator` without a model: a transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from windu._compat.sklearn import available_if, fit_context, wrap_output
from windu.components.transformers import unique_names
from windu.estimator.delegation import no_model
from windu.schema.columns import TableSchema

__all__ = ["PartialPipeline"]


class PartialPipeline:
    """The methods that `WinduEstimator` has with ``model=None`` only."""

    # scikit-learn's wrapping of outputs asks for this.
    _sklearn_auto_wrap_output_keys: ClassVar[set[str]] = {"transform"}

    _fit: Callable[..., Any]
    _matrix: Callable[..., Any]
    _feature_table_schema: TableSchema
    transformer_: Any

    @available_if(no_model)
    def transform(self, X: Any) -> Any:
        """Return features after featurizer and transformer (``model=None``).

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            A frame where `set_output` asked for one.
        """
        matrix, empty = self._matrix(X)
        return wrap_output(matrix[:0] if empty else matrix, X, self)

    @available_if(no_model)
    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit, and return the features of the training rows (``model=None``).

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like of shape (n_samples,), default=None
            Target, for transformers that learn from it.
        **fit_params : dict
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Cross-fitted encodings where the transformer has them.
        """
        weight = fit_params.pop("sample_weight", None)
        return wrap_output(self._fit(X, y, weight, fit_params), X, self)

    @available_if(no_model)
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn's sake.

        Returns
        -------
        ndarray of shape (n_features_out,)
            Texts, each different: level ``b_c`` of column ``a`` and level ``c`` of
            column ``a_b`` are two features.
        """
        check_is_fitted(self)
        if self.transformer_ is not None:
            return unique_names(self.transformer_.get_feature_names_out())
        names: list[Any] = self._feature_table_schema.names
        return np.array(names, dtype=object)

    @available_if(no_model)
    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container that `transform` returns.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            None leaves it as it is.

        Returns
        -------
        WinduEstimator
            Itself.
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self
