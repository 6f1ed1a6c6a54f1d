"""Tags, methods and attributes of `WinduEstimator` that depend on its parts."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.metrics import accuracy_score
from sklearn.utils import (
    ClassifierTags,
    RegressorTags,
    TransformerTags,
    check_consistent_length,
    get_tags,
)
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from windu._compat.sklearn import available_if, fit_context, wrap_output
from windu.components.labelwise import LabelwiseClassifier, takes_labels
from windu.components.registry import model_type
from windu.components.transformers import unique_names
from windu.estimator.parts import fresh_part
from windu.exceptions import PartError, TargetError
from windu.schema.columns import TableSchema
from windu.schema.inference import unpack_frame
from windu.schema.pandera_schema import to_pandera
from windu.tasks import read_target

__all__ = [
    "FittedAttributes",
    "PartialPipeline",
    "classes_of",
    "model_has",
    "no_model",
    "share_right",
    "tags_of",
    "takes_weights",
    "type_before_fit",
    "with_weights_of_model",
]

Fit = TypeVar("Fit", bound=Callable[..., Any])


class _Fit:
    """A `fit` whose signature has ``sample_weight`` only if the model accepts it.

    scikit-learn's meta-estimators look for the parameter to decide what they pass.
    """

    def __init__(self, fit: Callable[..., Any]):
        self._fit = fit

        def fit_without_weights(
            estimator: Any, X: Any, y: Any = None, **fit_params: Any
        ) -> Any:
            return fit(estimator, X, y, **fit_params)

        fit_without_weights.__name__ = "fit"
        fit_without_weights.__doc__ = fit.__doc__
        self._without_weights = fit_without_weights

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self._fit
        fit = self._fit if takes_weights(estimator) else self._without_weights
        return MethodType(fit, estimator)


def with_weights_of_model(fit: Fit) -> Fit:
    """Return a `fit` that has ``sample_weight`` only if the model accepts it."""
    return cast(Fit, _Fit(fit))


def type_before_fit(estimator: Any, *, exact: bool) -> str | None:
    """Return "classifier" or "regressor", as far as the parameters tell.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted or not.
    exact : bool
        Whether to return None if the type is unknown. Otherwise an unknown task
        counts as classification, so that scikit-learn's splitters stratify y.

    Returns
    -------
    {"classifier", "regressor"} or None
        None for a partial pipeline.
    """
    if estimator.model is None:
        return None
    if estimator.task in ("binary", "multiclass", "multilabel"):
        return "classifier"
    if estimator.task == "regression":
        return "regressor"
    try:
        kind = model_type(estimator.model)
    except PartError:  # `fit` raises it; inspecting the estimator must not.
        kind = None
    return kind if kind is not None or exact else "classifier"


def current_type(estimator: Any) -> str | None:
    """Return the type by the fitted task, else by the parameters."""
    task = getattr(estimator, "task_", None)
    if estimator.model is not None and task is not None:
        return "regressor" if task == "regression" else "classifier"
    return type_before_fit(estimator, exact=False)


def model_has(method: str) -> Callable[[Any], bool]:
    """Return a check for `available_if`: the model has the method."""

    def check(estimator: Any) -> bool:
        model = vars(estimator).get("model_")
        if model is None:
            if estimator.model is None:
                return False
            kind = current_type(estimator)
            try:
                model = fresh_part(
                    "model", estimator.model, classifier=kind != "regressor"
                )
            except PartError:
                # fit says what is wrong. Until then all that is known is that models
                # predict.
                return method == "predict"
            if estimator.task == "multilabel" and not takes_labels(model):
                model = LabelwiseClassifier(model)
        if method == "predict_proba" and current_type(estimator) == "regressor":
            return False
        return hasattr(model, method)

    return check


def takes_weights(estimator: Any) -> bool:
    """Tell whether the model of an estimator accepts ``sample_weight``.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted or not.

    Returns
    -------
    bool
        True if it is unknown; `fit` then raises.
    """
    model = _model_before_fit(estimator)
    return model is None or has_fit_parameter(model, "sample_weight")


def _model_before_fit(estimator: Any) -> Any:
    """Return the unfitted model, or None if there is none or it is invalid."""
    if estimator.model is None:
        return None
    classifier = type_before_fit(estimator, exact=False) != "regressor"
    try:
        return fresh_part("model", estimator.model, classifier=classifier)
    except PartError:
        return None


def _takes_missing(estimator: Any) -> bool:
    """Tell whether the chain accepts missing values."""
    transformer = estimator.transformer
    if isinstance(transformer, (str, ColumnTransformer)):
        return True
    if transformer is not None:
        return _allows_missing(transformer)
    model = _model_before_fit(estimator)
    return model is None or _allows_missing(model)


def _allows_missing(part: Any) -> bool:
    # A custom class may have no tags.
    if isinstance(part, type) or not hasattr(part, "__sklearn_tags__"):
        return True
    return bool(get_tags(part).input_tags.allow_nan)


def no_model(estimator: Any) -> bool:
    """Tell whether the estimator is a partial pipeline, without a model."""
    return estimator.model is None


def classes_of(estimator: Any) -> np.ndarray:
    """Return the classes or labels; raise an AttributeError if there are none."""
    fitted = vars(estimator)
    if fitted.get("model_") is None or fitted["task_"] == "regression":
        raise AttributeError(
            "classes_ exists on a fitted estimator with a task of classes only."
        )
    encoder = fitted["label_encoder_"]
    source = encoder if encoder is not None else fitted["model_"]
    return np.asarray(source.classes_)


def tags_of(estimator: Any, tags: Any) -> Any:
    """Return the tags of an estimator, from its task and model."""
    tags.input_tags.sparse = False
    tags.input_tags.allow_nan = _takes_missing(estimator)
    tags.input_tags.string = True
    tags.input_tags.categorical = True
    task = getattr(estimator, "task_", None) or estimator.task
    tags.target_tags.multi_output = task not in ("binary", "multiclass")
    tags.estimator_type = current_type(estimator)
    tags.target_tags.required = tags.estimator_type is not None
    if tags.estimator_type == "classifier":
        tags.classifier_tags = ClassifierTags(
            multi_class=task != "binary", multi_label=task in ("auto", "multilabel")
        )
    elif tags.estimator_type == "regressor":
        tags.regressor_tags = RegressorTags()
    else:
        tags.transformer_tags = TransformerTags(preserves_dtype=[])
    return tags


class PartialPipeline:
    """The methods that `WinduEstimator` has with ``model=None`` only."""

    # scikit-learn's output wrapper reads this attribute.
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


def share_right(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """Return the weighted share of rows whose labels are all correct.

    scikit-learn's `accuracy_score` refuses bytes, objects that are no texts, lists of
    labels and tables of texts.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of labels
        True labels.
    predicted : array-like, as y
        Predicted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TargetError
        If the two differ in form.

    Examples
    --------
    >>> from windu.estimator.delegation import share_right
    >>> share_right([["a", "b"], ["b"]], [["b", "a"], []])
    0.5
    """
    check_consistent_length(y, predicted, sample_weight)
    true, predicted_target = read_target(y), read_target(predicted)
    if true.form != predicted_target.form:
        raise TargetError(
            "y must have the form of what is predicted. Got "
            f"{_words(true.form)} for {_words(predicted_target.form)}. Pass y as in "
            "fit."
        )
    if true.form == "labels":
        pairs = zip(true.values, predicted_target.values, strict=True)
        same = [
            set(true_labels) == set(found_labels) for true_labels, found_labels in pairs
        ]
        return float(np.average(same, weights=sample_weight))
    true_labels, found_labels = (
        np.asarray(true.values),
        np.asarray(predicted_target.values),
    )
    if true_labels.ndim == 1 and (
        true_labels.dtype.kind in "biuU" or isinstance(true_labels[0], str)
    ):
        return float(
            accuracy_score(true_labels, found_labels, sample_weight=sample_weight)
        )
    right = (
        np.asarray(true_labels == found_labels)
        .reshape(len(true_labels), -1)
        .all(axis=1)
    )
    return float(np.average(right, weights=sample_weight))


def _words(form: str) -> str:
    return {"column": "one column", "table": "several columns"}.get(form, "label lists")


class FittedAttributes:
    """Fitted attributes that are stored as plain data and built on access."""

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
        """One row per column: kind, action and reason."""
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
