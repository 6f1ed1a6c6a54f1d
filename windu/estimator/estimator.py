"""`WinduEstimator`: a raw table in, predictions out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter
from sklearn.utils.validation import check_is_fitted, check_memory

from windu._compat.bases import BaseEstimator, CallbackSupportMixin
from windu._compat.row_order import match_rows
from windu._compat.sklearn import (
    HasMethods,
    StrOptions,
    available_if,
    elapsed_time,
    fit_context,
    openmp_threads,
    propagated,
)
from windu.components.labelwise import yes_probabilities
from windu.components.registry import wants_of
from windu.components.target_leakage import warn_of_leakage
from windu.estimator.chain import FEW_ROWS, CompiledChain, chain_of
from windu.estimator.delegation import (
    FittedAttributes,
    PartialPipeline,
    model_has,
    share_right,
    tags_of,
    type_before_fit,
    with_weights_of_model,
)
from windu.estimator.fitting import FIT_STEPS, Fitted, fit_inputs
from windu.estimator.memo import Memo, in_memory_of
from windu.estimator.metadata import router_of
from windu.estimator.parts import fresh_part, visual_block
from windu.estimator.prediction import (
    Validation,
    decode,
    featurize,
    matrix_of,
    validate,
)
from windu.estimator.replacing import PartParameters, Replacing, laid_out
from windu.estimator.thresholding import decided
from windu.steps import Step, run_steps
from windu.tasks import TASKS, Container

__all__ = ["WinduEstimator"]

_NAMES = [step.name for step in FIT_STEPS]
_UP_TO_TRANSFORMER = _NAMES[: _NAMES.index("fit_transformer") + 1]


class WinduEstimator(
    PartParameters,
    Validation,
    Replacing,
    PartialPipeline,
    FittedAttributes,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Featurizer, transformer, label encoder and model as one estimator.

    `fit` takes a raw table and a target of any form: it infers the schema of the
    table and the task, turns columns into features and features into a matrix,
    encodes the labels and fits the model. `predict` checks a new table against the
    schema, puts its columns in order and gives labels back as they came.

    Parameters
    ----------
    model : estimator, str or None, default="auto"
        The model: an estimator, a registered name such as ``"random_forest"``, the
        name of a class of scikit-learn, ``"auto"`` (`BoostedBlendClassifier` or
        `BoostedBlendRegressor`), or None for a
        partial pipeline that ends with the transformer.
    task : {"auto", "binary", "multiclass", "multilabel", "regression"}, \
            default="auto"
        The task; ``"auto"`` infers it by `windu.tasks.RULES`.
    featurizer : callable, transformer, str or None, default="auto"
        Raw columns to named features: a function from frame to frame, or a
        transformer. ``"auto"`` is `AutoFeaturizer`.
    transformer : callable, transformer, str or None, default="auto"
        Features to the matrix of the model. ``"auto"`` is `AutoTransformer`: a
        `ColumnTransformer` built from the kinds of the features and from what the
        model wants.
    label_encoder : transformer, str or None, default="auto"
        Target to the codes of the model, and back. ``"auto"`` is scikit-learn's
        `LabelEncoder` or `MultiLabelBinarizer`, or `IndicatorEncoder`. For regression
        it is `LogEncoder` where the tail of y is heavy and the default model is better
        with it on held-out rows, else nothing; ``"log1p"``, a class of scikit-learn by
        name and an object transform y always.
    threshold : ThresholdSelector, str, float, list of float or None, default=None
        Scores to labels, for tasks of classes: a `ThresholdSelector`, the name of the
        score that it raises, fixed cuts (or weights of several classes), or None for
        the model's own decision.
    schema : "infer", dict, DataFrameSchema, DataFrameModel or None, default="infer"
        What tables are checked against: the schema of the training table, the same with
        other tolerances (``{"extra": "warn"}``), or a pandera schema of your own; None
        switches the check off.
    memory : str, object with the joblib.Memory interface or None, default=None
        Caches fitted featurizers and transformers.
    random_state : int, RandomState instance or None, default=None
        Passed to every part whose own ``random_state`` is None.
    n_jobs : int or None, default=None
        Passed to every part whose own ``n_jobs`` is None.
    verbose : bool, default=False
        Whether to print each step with its time, the rule that decided the task, and
        whether logarithms of y are learned.

    Attributes
    ----------
    task_ : str
        The task, None without a target.
    schema_ : pandera.pandas.DataFrameSchema
        Schema of the input table.
    example_ : pandas.DataFrame of shape (at most 20, `n_features_in_`)
        Rows of the training table that show missing values, rare levels, extremes.
    feature_report_ : pandas.DataFrame
        One row a column: kind, what was done, why.
    feature_schema_ : pandera.pandas.DataFrameSchema
        Schema of what the featurizer gives.
    featurizer_, transformer_, label_encoder_, model_, threshold_ : estimator or None
        The fitted parts.
    classes_ : ndarray of shape (n_classes,)
        Classes, or the labels of a multilabel target.
    n_features_in_ : int
        Number of columns of the input table.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are texts.
    replacement_report_ : pandas.DataFrame
        How far values moved, where `replace` made this estimator.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator(random_state=0).fit(X, y)
    >>> est.task_
    'multiclass'
    >>> est.predict(X[:2])
    array(['Adelie', 'Adelie'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "model": "no_validation",
        "task": [StrOptions({"auto", *TASKS})],
        "featurizer": "no_validation",
        "transformer": "no_validation",
        "label_encoder": "no_validation",
        "threshold": "no_validation",
        "schema": "no_validation",
        "memory": [None, str, HasMethods(["cache"])],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
    }

    # `fit` passes sample_weight on to the model; this class does not use it.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"sample_weight": UNUSED}

    def __init__(
        self,
        model: Any = "auto",
        *,
        task: Literal[
            "auto", "binary", "multiclass", "multilabel", "regression"
        ] = "auto",
        featurizer: Any = "auto",
        transformer: Any = "auto",
        label_encoder: Any = "auto",
        threshold: Any = None,
        schema: Any = "infer",
        memory: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ):
        self.model = model
        self.task = task
        self.featurizer = featurizer
        self.transformer = transformer
        self.label_encoder = label_encoder
        self.threshold = threshold
        self.schema = schema
        self.memory = memory
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @with_weights_of_model
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, **fit_params: Any
    ) -> WinduEstimator:
        """Learn schema, task, features, labels and model from a raw table.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            pandas or polars DataFrame, 2-D array.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Texts, booleans, categories, numbers; for multilabel an indicator matrix,
            a frame of yes/no columns, or lists of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, for the model.
        **fit_params : dict
            More metadata for the model's `fit`. With a threshold also ``costs``, what
            decisions cost in each row, and ``groups``, for its folds.

        Returns
        -------
        WinduEstimator
            The fitted estimator.

        Raises
        ------
        SchemaError
            For duplicate or impossible column names.
        TargetError
            For a missing or impossible target, or one of other rows.
        FeatureError
            If no usable feature is left.
        PartError
            If a part is none, or cannot honour what was asked, or metadata are of other
            rows.
        """
        self._fit(X, y, sample_weight, fit_params)
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, fit_params: dict[str, Any]
    ) -> Any:
        inputs = fit_inputs(self, X, y, sample_weight, fit_params)._replace(
            callback_context=lambda part: propagated(self._step_context, part)
        )
        values = inputs._asdict()
        context = self._init_callback_context(max_subtasks=len(FIT_STEPS))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        perform = None
        if self.memory is not None:
            outside = in_memory_of(check_memory(self.memory))
            kept = dict.fromkeys(("featurize", "fit_transformer"), outside)
            memo = Memo(_UP_TO_TRANSFORMER, outside=kept)
            perform = memo.performer(values, {})
        with openmp_threads(inputs.frame.size, fit=True):
            values = run_steps(
                FIT_STEPS,
                values,
                around=lambda step: self._around(step, context, X, y),
                perform=perform,
            )
        self._store_fitted(Fitted.of(values))
        warn_of_leakage(values["frame"], y, values["table"], values["task"])
        context.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes=dict
        )
        return values["matrix"]

    @contextmanager
    def _around(self, step: Step, context: Any, X: Any, y: Any) -> Iterator[None]:
        number = _NAMES.index(step.name) + 1
        message = f"(step {number} of {len(FIT_STEPS)}) Processing {step.name}"
        self._step_context = context.subcontext(task_name=step.name)
        try:
            with elapsed_time("WinduEstimator", message if self.verbose else None):
                self._step_context.call_on_fit_task_begin(estimator=self, X=X, y=y)
                yield
                self._step_context.call_on_fit_task_end(estimator=self, X=X, y=y)
        finally:
            del self._step_context

    def _store_fitted(self, fitted: Fitted) -> None:
        self.task_ = fitted.task
        self.featurizer_ = laid_out(fitted.featurizer_)
        self.transformer_ = laid_out(fitted.transformer_)
        self.label_encoder_ = laid_out(fitted.label_encoder_)
        self.model_ = laid_out(fitted.model_)
        self.threshold_ = fitted.threshold_
        self._table_schema = fitted.table
        self._feature_table_schema = fitted.feature_schema
        self._example = fitted.example
        self._named = fitted.named
        self._forget_replacement()
        self._container = str(fitted.target.container) if fitted.target else ""
        names = fitted.table.names
        self.n_features_in_ = len(names)
        self.__dict__.pop("feature_names_in_", None)
        if fitted.named and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.array(names, dtype=object)

    def _compiled_chain(self, n_rows: int) -> CompiledChain | None:
        return chain_of(self, n_rows)

    def _matrix(self, X: Any, chain: CompiledChain | None = None) -> tuple[Any, bool]:
        """Return the matrix for the model, and whether the table is empty."""
        check_is_fitted(self)
        frame = validate(X, self._table_schema, self._named, self.schema)
        matrix = None if chain is None else chain.matrix_of_valid(frame)
        if matrix is not None:
            return matrix, False
        # Most parts raise for an empty table; the output of one row has the right form.
        rows = frame if len(frame) else self.example_.head(1)
        return self._matrix_of_valid(rows), not len(frame)

    def _matrix_of_valid(self, frame: pd.DataFrame) -> Any:
        trained = self._feature_table_schema
        features = featurize(
            frame, self.featurizer_, trained if self._swapped else None
        )
        wants = wants_of(self.model_)
        return matrix_of(features, trained, self.transformer_, wants)

    def _encoded(self, X: Any) -> tuple[Any, Any, bool]:
        """Return the matrix, the model for it, and whether the table is empty."""
        check_is_fitted(self)
        chain = self._compiled_chain(_n_rows(X))
        matrix = None if chain is None else chain.matrix(X)
        if chain is not None and matrix is not None:
            few = len(matrix) <= FEW_ROWS
            model = chain.few_rows_model(self) if few else self.model_
            return matrix, model, False
        matrix, empty = self._matrix(X, chain)
        return matrix, self.model_, empty

    def _call_model(self, method: str, X: Any) -> Any:
        with openmp_threads(_cells(X), fit=False):
            matrix, model, empty = self._encoded(X)
            output = getattr(model, method)(matrix)
        if not empty:
            return output
        return (
            [label[:0] for label in output] if isinstance(output, list) else output[:0]
        )

    @available_if(model_has("predict"))
    def predict(self, X: Any) -> Any:
        """Predict labels or values.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`; a list of dicts as well.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the form of the target: a frame for a frame of yes/no columns, a list
            for lists of labels.

        Raises
        ------
        SchemaError
            If the table does not fit the schema of training.
        """
        check_is_fitted(self)
        if self.threshold_ is None:
            codes = self._call_model("predict", X)
        else:
            codes = decided(self, X)
        index = X.index if isinstance(X, pd.DataFrame) else None
        container = Container.of_text(self._container)
        return decode(codes, self.task_, self.label_encoder_, index, container)

    @available_if(model_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict probabilities.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            One column per class; for multilabel the probability of each label.
            Columns follow `classes_`.
        """
        probabilities = self._call_model("predict_proba", X)
        if self.task_ == "multilabel":
            return yes_probabilities(probabilities, self.model_.classes_)
        return np.asarray(probabilities)

    @available_if(model_has("predict_proba"))
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            The natural logarithm of `predict_proba`.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(model_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the model's scores.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_labels)
            The scores of the model.
        """
        return np.asarray(self._call_model("decision_function", X))

    @available_if(model_has("predict"))
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return accuracy, for regression R2.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            For multilabel the share of rows with all labels right.

        Raises
        ------
        TargetError, PartError
            If y or the weights are of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y, "sample_weight": sample_weight})
        predicted = self.predict(X)
        if self.task_ == "regression":
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        return share_right(y, predicted, sample_weight)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata that the parts request.

        Returns
        -------
        MetadataRouter
            `fit` routes to the model, to the threshold and to its folds.
        """
        classifier = type_before_fit(self, exact=False) != "regressor"
        return router_of(
            self,
            fresh_part("model", self.model, classifier=classifier),
            fresh_part("threshold", self.threshold, classifier=classifier),
            named_model=isinstance(self.model, str),
            named_threshold=not hasattr(self.threshold, "choose"),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return "model_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        return tags_of(self, super().__sklearn_tags__())

    def _sk_visual_block_(self) -> Any:
        return visual_block(self)


def _n_rows(X: Any) -> int:
    # A dict is one row, and an array without dimension has no length.
    has_rows = hasattr(X, "__len__") and getattr(X, "ndim", 1) > 0
    return len(X) if has_rows and not isinstance(X, dict) else 1


def _cells(X: Any) -> int:
    shape = getattr(X, "shape", None)
    return int(np.prod(shape)) if shape else len(X) if hasattr(X, "__len__") else 0
