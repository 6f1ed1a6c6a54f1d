"""The lineage of a run: plain data in its manifest."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import pandas as pd

from windu.exceptions import MetastoreError
from windu.metastore.records import check_name

__all__ = [
    "check_tags",
    "data_digest",
    "describe",
    "flatten",
    "parameters",
    "plain_metrics",
]

#: Longer texts among parameters are cut.
_MAX_TEXT = 200


def plain_metrics(metrics: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return the metrics that are numbers, which tables of runs show.

    Parameters
    ----------
    metrics : mapping of str to object, default=None
        Name and value.

    Returns
    -------
    dict of str to float or None
        None stands for what is not finite, which JSON cannot say.

    Examples
    --------
    >>> from windu.metastore.describing import plain_metrics
    >>> plain_metrics({"roc_auc": 0.8, "lift": float("nan"), "table": [1, 2]})
    {'roc_auc': 0.8, 'lift': None}
    """
    numbers = {
        name: float(value)
        for name, value in (metrics or {}).items()
        if isinstance(name, str) and isinstance(value, Real)
    }
    return {n: value if math.isfinite(value) else None for n, value in numbers.items()}


def check_tags(tags: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return tags as plain texts, numbers and booleans.

    Parameters
    ----------
    tags : mapping of str to str, int, float or bool, default=None
        Name and value.

    Returns
    -------
    dict
        The tags.

    Raises
    ------
    MetastoreError
        For another name or value.
    """
    for name, value in (tags or {}).items():
        if not isinstance(value, (str, int, float, bool)) or value != value:
            raise MetastoreError(
                f"A tag must be a text, a number or a boolean. Got {name!r}: "
                f"{type(value).__name__}. Write it as a text."
            )
        check_name(name, "The name of a tag")
    return dict(tags or {})


def data_digest(data: Any) -> str | None:
    """Return the digest of a table, or the text that the user passed for it.

    Parameters
    ----------
    data : DataFrame, str or None
        The training table, or a digest that the caller made.

    Returns
    -------
    str or None
        SHA-256 of names, dtypes and values; the row labels do not count.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu.metastore.describing import data_digest
    >>> one = data_digest(pd.DataFrame({"a": [1, 2]}))
    >>> one == data_digest(pd.DataFrame({"a": [1, 2]}, index=[5, 6]))
    True
    >>> one == data_digest(pd.DataFrame({"a": [1, 3]}))
    False
    """
    if data is None or isinstance(data, str):
        return data
    if not isinstance(data, pd.DataFrame):
        raise MetastoreError(
            "data must be the training DataFrame or its digest as a text. Got "
            f"{type(data).__name__}. Pass X."
        )
    digest = hashlib.sha256()
    for position, (name, dtype) in enumerate(data.dtypes.items()):
        column = data.iloc[:, position]
        try:
            hashes = pd.util.hash_pandas_object(column, index=False)
        except TypeError:
            # Lists and other unhashable values.
            hashes = pd.util.hash_pandas_object(column.map(repr), index=False)
        digest.update(f"{name!r} {dtype}\n".encode())
        digest.update(hashes.to_numpy().tobytes())
    return digest.hexdigest()


def parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator as plain data, to be compared.

    Parameters
    ----------
    estimator : object
        One with ``get_params``, or anything else, which has none.

    Returns
    -------
    dict
        Numbers, texts, booleans and None as they are; a function or an estimator by
        its name; of the rest the representation, cut.
    """
    if not hasattr(estimator, "get_params"):
        return {}
    return {name: _plain(value) for name, value in estimator.get_params().items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value[:_MAX_TEXT] if isinstance(value, str) else value
    if isinstance(value, Integral) and abs(int(value)) < 2**53:
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    if hasattr(value, "get_params"):
        return type(value).__name__
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    return repr(value)[:_MAX_TEXT]


def describe(
    estimator: Any,
    metrics: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    data: Any,
    config: Mapping[str, Any] | str | None,
) -> dict[str, Any]:
    """Return the lineage for the manifest, without empty entries.

    Parameters
    ----------
    estimator : object
        What is stored.
    metrics, tags, data, config
        As given to `Metastore.save`.

    Returns
    -------
    dict
        Plain data.
    """
    description = {
        "task": getattr(estimator, "task_", None),
        "data": data_digest(data),
        "config": config,
        "tags": check_tags(tags),
        "metrics": plain_metrics(metrics),
        "parameters": parameters(estimator),
    }
    return {name: value for name, value in description.items() if value}


def flatten(value: Any, start: str = "") -> dict[str, Any]:
    """Return the leaves of nested plain data by their dotted names.

    Parameters
    ----------
    value : object
        Dicts, lists and plain values. An object in a list that has a name is known by
        it, so that columns are compared with columns of the same name.
    start : str, default=""
        The name of `value` itself.

    Returns
    -------
    dict of str to object
        Name and value.

    Examples
    --------
    >>> from windu.metastore.describing import flatten
    >>> flatten({"columns": [{"name": "age", "kind": "numeric"}], "format": 1})
    {'columns.age.name': 'age', 'columns.age.kind': 'numeric', 'format': 1}
    """
    if isinstance(value, Mapping) and value:
        items = [(str(name), inner) for name, inner in value.items()]
    elif isinstance(value, list) and any(
        isinstance(item, (dict, list)) for item in value
    ):
        items = [(_name_in_list(i, inner), inner) for i, inner in enumerate(value)]
    else:
        return {start: value}
    flat: dict[str, Any] = {}
    for name, inner in items:
        flat |= flatten(inner, f"{start}.{name}" if start else name)
    return flat


def _name_in_list(position: int, value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else str(position)
