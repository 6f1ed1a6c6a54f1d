"""`AutoTransformer`, a `ColumnTransformer` by column kind and model, and its input."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import BaseEstimator, TransformerMixin
from windu._compat.row_order import match_rows
from windu._compat.sklearn import Interval, StrOptions, fit_context, target_encoder
from windu.components.featurizers import AutoFeaturizer
from windu.components.registry import Wants
from windu.components.text import TextEncoder
from windu.io.frames import as_frame, text_columns
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.inference import infer_table
from windu.schema.kinds import MAX_LEVELS, MIN_WORDS
from windu.schema.recast import as_categories

__all__ = [
    "AutoTransformer",
    "codes_of",
    "model_input",
    "tell_categories",
    "unique_names",
    "with_categories",
]

_ENCODINGS = {"auto", "one_hot", "ordinal", "target"}
#: scikit-learn's `TargetEncoder` has no multilabel form.
_TARGET_TASKS = ("binary", "multiclass", "regression")
_N_QUANTILES = 200


class AutoTransformer(TransformerMixin, BaseEstimator):
    """Build a `ColumnTransformer` by the kinds of the columns and by the model.

    ``transformer="auto"`` is `AutoTransformer()`. A `WinduEstimator` tells it the
    kinds of the features and what the model eats, and has as ``transformer_`` the
    `ColumnTransformer` that it built.

    Parameters
    ----------
    levels : {"auto", "one_hot", "ordinal", "target"}, default="auto"
        Encoding of columns of few levels. "auto" is "ordinal" for models that are made
        of trees, else "one_hot".
    many_levels : {"auto", "one_hot", "ordinal", "target"}, default="auto"
        Encoding of columns of many levels. "auto" is "target".
    numbers : {"auto", "quantile", "spline"}, default="auto"
        "quantile" gives each number the normal distribution, "spline" makes cubic
        splines of it. Both help models that are not made of trees.
    n_text_components : int, default=30
        Numbers that a column of texts becomes, as in `TextEncoder`.
    for_trees : bool, default=False
        What is built alone, outside a `WinduEstimator`: for a model of trees that
        takes missing values, or for one that wants all imputed and scaled.
    random_state : int, RandomState instance or None, default=None
        For the folds of the target encoding and the projection of texts.

    Attributes
    ----------
    transformer_ : Pipeline
        An `AutoFeaturizer` and the `ColumnTransformer`, where it was fitted alone.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where all are texts.

    Notes
    -----
    The target encoding is cross-fitted [1]_ and knows one target: for several, and
    without any, it is "auto" of few levels.

    References
    ----------
    .. [1] Micci-Barreca, D. (2001). A preprocessing scheme for high-cardinality
       categorical attributes in classification and prediction problems. ACM SIGKDD
       Explorations 3(1), 27-32.

    Examples
    --------
    >>> from windu import AutoTransformer, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator("linear", transformer=AutoTransformer(numbers="spline"))
    >>> est.fit(X, y).transformer_.named_transformers_["numeric"][-2]
    SplineTransformer(knots='quantile')
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "levels": [StrOptions(_ENCODINGS)],
        "many_levels": [StrOptions(_ENCODINGS)],
        "numbers": [StrOptions({"auto", "quantile", "spline"})],
        "n_text_components": [Interval(Integral, 1, None, closed="left")],
        "for_trees": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        levels: str = "auto",
        many_levels: str = "auto",
        numbers: str = "auto",
        n_text_components: int = 30,
        for_trees: bool = False,
        random_state: Any = None,
    ):
        self.levels = levels
        self.many_levels = many_levels
        self.numbers = numbers
        self.n_text_components = n_text_components
        self.for_trees = for_trees
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoTransformer:
        """Build the transformer from the kinds of the columns, and fit it.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            Raw columns, or features of a featurizer of your own.
        y : array-like of shape (n_samples,), default=None
            What the target encoding learns from.

        Returns
        -------
        AutoTransformer
            The fitted transformer.
        """
        self.fit_transform(X, y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and return the training rows, target encodings cross-fitted.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            float64.
        """
        wants = Wants(codes=self.for_trees, missing=self.for_trees)
        match_rows({"X": X, "y": y})
        task = None if y is None else _task_of(y)
        self.transformer_ = self.build(as_frame(X), None, wants, task=task)
        matrix = self.transformer_.fit_transform(X, y)
        self.n_features_in_ = self.transformer_.n_features_in_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.transformer_, "feature_names_in_"):
            self.feature_names_in_ = self.transformer_.feature_names_in_
        return matrix

    def transform(self, X: Any) -> Any:
        """Return the matrix for the model.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            float64.
        """
        check_is_fitted(self)
        return self.transformer_.transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of the matrix.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn's sake.

        Returns
        -------
        ndarray of shape (n_features_out,)
            Texts.
        """
        check_is_fitted(self)
        return unique_names(self.transformer_.get_feature_names_out())

    def build(
        self,
        features: pd.DataFrame,
        schema: TableSchema | None,
        wants: Wants,
        *,
        task: str | None,
        random_state: int | None = None,
    ) -> ColumnTransformer | Pipeline:
        """Return the transformer for these features and this model, unfitted.

        Parameters
        ----------
        features : pandas.DataFrame of shape (n_samples, n_features)
            What it will be fitted on.
        schema : TableSchema or None
            Their kinds, as `AutoFeaturizer` gives them. None for features that may
            still hold dates, numbers as texts, identifiers.
        wants : Wants
            What the model eats.
        task : str or None
            Of one target; None where there are several or none.
        random_state : int or None, default=None
            Where the transformer has none.

        Returns
        -------
        ColumnTransformer or Pipeline
            Of blocks; categorical columns come first. Without a schema behind an
            `AutoFeaturizer`.
        """
        self._validate_params()
        if schema is None:
            clean = AutoFeaturizer().fit_transform(text_columns(features))
            schema = infer_table(clean)
            columns = self.build(
                clean, schema, wants, task=task, random_state=random_state
            )
            return make_pipeline(AutoFeaturizer(), columns)
        seed = random_state if self.random_state is None else self.random_state
        numbers = schema.of_kind("numeric", "boolean", "datetime")
        levels = schema.of_kind("categorical")
        many = schema.of_kind("high-cardinality")
        texts = [c.name for c in schema.columns if (c.words or 0) >= MIN_WORDS]
        target = "target" if task in _TARGET_TASKS else "auto"
        blocks: list[tuple[str, Any, Any]] = []
        if levels:
            blocks.append(
                ("categorical", _levels(self.levels, wants, task, seed), levels)
            )
        if many:
            encoding = target if self.many_levels == "auto" else self.many_levels
            encoder = _levels(encoding, wants, task, seed)
            blocks.append(("high_cardinality", encoder, many))
        if texts:
            encoder = TextEncoder(self.n_text_components, random_state=seed)
            encoder = (
                encoder if wants.codes else make_pipeline(encoder, StandardScaler())
            )
            blocks.append(("text", encoder, texts))
        if numbers:
            encoder = _numbers(self.numbers, wants, len(features))
            blocks.append(("numeric", encoder, numbers))
        return ColumnTransformer(blocks, sparse_threshold=0.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def unique_names(names: Any) -> np.ndarray:
    """Return names of features, of which a later one of the same name gets a number.

    Parameters
    ----------
    names : array-like of str of shape (n_features_out,)
        As scikit-learn joins them from columns and levels.

    Returns
    -------
    ndarray of str of shape (n_features_out,)
        Each different.
    """
    unique = [str(name) for name in names]
    used_names = set(unique)
    if len(used_names) == len(unique):
        return np.array(unique, dtype=object)
    seen: set[str] = set()
    for position, name in enumerate(unique):
        number = 1
        while unique[position] in seen or (
            number > 1 and unique[position] in used_names
        ):
            number += 1
            unique[position] = f"{name}_{number}"
        seen.add(unique[position])
    return np.array(unique, dtype=object)


def codes_of(transformer: Any) -> list[int]:
    """Return the columns of the matrix that hold ordinal codes of levels.

    Parameters
    ----------
    transformer : transformer
        As from `AutoTransformer.build`, fitted; perhaps the end of a Pipeline.

    Returns
    -------
    list of int
        Empty for any other transformer.
    """
    if isinstance(transformer, Pipeline):
        transformer = transformer[-1]
    if not isinstance(transformer, ColumnTransformer):
        return []
    block = transformer.named_transformers_.get("categorical")
    if not isinstance(block, OrdinalEncoder):
        return []
    columns_out = transformer.output_indices_["categorical"]
    return list(range(columns_out.start, columns_out.stop))


def _task_of(y: Any) -> str | None:
    kind = type_of_target(y)
    return "regression" if kind == "continuous" else kind


def _levels(encoding: str, wants: Wants, task: str | None, seed: Any) -> Any:
    if encoding == "target" and task in _TARGET_TASKS:
        encoder = target_encoder(task, seed)
        return encoder if wants.codes else make_pipeline(encoder, StandardScaler())
    if encoding == "ordinal" or (encoding != "one_hot" and wants.codes):
        unknown = np.nan if wants.missing else -1
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=unknown,
            encoded_missing_value=unknown,
        )
        return encoder if wants.codes else make_pipeline(encoder, StandardScaler())
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MAX_LEVELS,
        sparse_output=False,
    )


def _numbers(how: str, wants: Wants, n_rows: int) -> Any:
    if how == "auto" and wants.missing:
        return "passthrough"
    quantiles = QuantileTransformer(
        n_quantiles=min(_N_QUANTILES, n_rows), output_distribution="normal"
    )
    if how == "quantile" and wants.missing:
        return quantiles
    imputer = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    if how == "quantile":
        return make_pipeline(imputer, quantiles)
    if how == "spline":
        return make_pipeline(
            imputer, SplineTransformer(knots="quantile"), StandardScaler()
        )
    return imputer if wants.codes else make_pipeline(imputer, StandardScaler())


#: Signs that LightGBM or XGBoost refuses in the name of a feature.
_REFUSED = str.maketrans(dict.fromkeys('[]<>{}",:', "_"))


def with_categories(schema: TableSchema, features: pd.DataFrame) -> TableSchema:
    """Return a schema of features that knows all categories of their texts.

    Parameters
    ----------
    schema : TableSchema
        The schema of `features`.
    features : pandas.DataFrame of shape (n_samples, n_features)
        What a model with categories of its own is fitted on.

    Returns
    -------
    TableSchema
        Texts have their levels as categories, in order.
    """
    columns = []
    for position, column in enumerate(schema.columns):
        if column.storage == "text" and column.categories is None:
            levels = kinds.as_texts(features.iloc[:, position]).dropna().unique()
            column = column.model_copy(update={"categories": sorted(levels)})
        columns.append(column)
    return TableSchema(columns, schema.tolerance)


def model_input(matrix: Any, schema: TableSchema, wants: Wants) -> Any:
    """Return a matrix in the form that a model requires.

    Parameters
    ----------
    matrix : frame or array of shape (n_samples, n_features_out)
        What the transformer gives, or the features where there is none.
    schema : TableSchema
        The schema of the features.
    wants : Wants
        What the model takes.

    Returns
    -------
    frame or array of shape (n_samples, n_features_out)
        An array as it is. In a frame, texts are categories of training for a model
        that has categories of its own, a level that training did not have is
        missing, and names hold no sign that the library refuses.
    """
    if not isinstance(matrix, pd.DataFrame):
        return matrix
    if wants.categories is not None and list(matrix.columns) == schema.names:
        matrix = _with_dtypes(matrix, schema.columns, wants)
    if wants.plain_names:
        names = _plain_names([str(name) for name in matrix.columns])
        if names != list(matrix.columns):
            matrix = matrix.set_axis(names, axis=1)
    return matrix


def _with_dtypes(
    matrix: pd.DataFrame, columns: list[ColumnSchema], wants: Wants
) -> pd.DataFrame:
    changed = {}
    for position, column in enumerate(columns):
        if column.categories is None:
            continue
        values = as_categories(matrix.iloc[:, position], column)
        if wants.categories == "texts":
            # CatBoost takes no missing category.
            texts = ["" if cell != cell else str(cell) for cell in values]
            values = pd.Series(texts, values.index, dtype=object)
        changed[position] = values
    if not changed:
        return matrix
    every = {i: changed.get(i, matrix.iloc[:, i]) for i in range(matrix.shape[1])}
    return pd.DataFrame(every, index=matrix.index).set_axis(matrix.columns, axis=1)


def _plain_names(names: list[str]) -> list[str]:
    """Return names without refused signs, each different from the others."""
    plain = [name.translate(_REFUSED) for name in names]
    used_names = {name for name, own in zip(plain, names, strict=True) if name == own}
    for position, name in enumerate(names):
        if plain[position] == name:
            continue
        while plain[position] in used_names:
            plain[position] += "_"
        used_names.add(plain[position])
    return plain


def tell_categories(model: Any, matrix: Any) -> None:
    """Tell a model which columns are categorical, if it does not detect them.

    Parameters
    ----------
    model : estimator
        Changed in place; what the user has set stays.
    matrix : frame or array of shape (n_samples, n_features_out)
        As from `model_input`.
    """
    if not isinstance(matrix, pd.DataFrame):
        return
    params = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    categories = [c for c in matrix if isinstance(matrix[c].dtype, pd.CategoricalDtype)]
    texts = [name for name in matrix if matrix[name].dtype == object]
    for name in params:
        if name.rpartition("__")[2] == "enable_categorical" and categories:
            model.set_params(**{name: True})
    takes_texts = type(model).__name__.startswith("CatBoost")
    if texts and takes_texts and params.get("cat_features") is None:
        model.set_params(cat_features=texts)
