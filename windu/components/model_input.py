"""A frame of features as the library of a model takes it: categories and names."""

from __future__ import annotations

from typing import Any

import pandas as pd

from windu.components.registry import Wants
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.recast import as_categories

__all__ = ["model_input", "tell_categories", "with_categories"]

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
    """Return a matrix as a model takes it.

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
    """Tell a model which columns of its matrix are categories, where it must be told.

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
