"""A user's schemas in what is saved: written as plain data, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from windu.estimator.validation import Validation
from windu.exceptions import PersistenceError
from windu.schema.columns import TableSchema
from windu.schema.user.given import pandera_schema_of
from windu.schema.user.stored import is_schema, reference_of, to_json

__all__ = ["check_same_schemas", "check_schemas", "is_code", "written"]


def check_schemas(estimator: Any) -> None:
    """Raise if a schema of a user's own, wherever it stands, cannot be written.

    Parameters
    ----------
    estimator : object
        What is to be saved.

    Raises
    ------
    PersistenceError
        With the column and the check, and the way out.
    """
    for holder, schema in _schemas(estimator):
        if not isinstance(holder, Validation):
            raise PersistenceError(
                "A pandera schema is saved as the parameter schema of a "
                f"WinduEstimator only. Got one in a {type(holder).__name__}, such as "
                "the grid of a search. Save the best_estimator_ instead."
            )
        written(schema)


def written(schema: Any) -> str:
    """Return how a schema is stored: as JSON, or where it stands in a module.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema or DataFrameModel class
        Given by a user.

    Returns
    -------
    str
        JSON, or ``module.name`` for what is code.

    Raises
    ------
    PersistenceError
        For code that no other process can find.
    """
    try:
        return to_json(pandera_schema_of(schema))
    except PersistenceError:
        reference = reference_of(schema)
        if reference is None:
            raise
        return reference


def is_code(obj: Any) -> bool:
    """Tell whether an object is a schema that is stored as a reference."""
    return is_schema(obj) and not written(obj).startswith("{")


def check_same_schemas(saved: Any, loaded: Any) -> None:
    """Raise if a schema came back as another.

    Parameters
    ----------
    saved, loaded : object
        Before and after.

    Raises
    ------
    PersistenceError
        If the two are not written alike.
    """
    texts = [
        [written(schema) for _, schema in _schemas(estimator)]
        for estimator in (saved, loaded)
    ]
    if texts[0] != texts[1]:
        raise PersistenceError(
            "A schema of your own must come back as it was. It does not. Call "
            "est.set_params(schema='infer') before save, and set_params(schema=...) "
            "after load."
        )


# A table's schema is plain data, and keeps for itself what was made of a user's.
_PLAIN = (str, bytes, int, float, type, ModuleType, TableSchema)


def _schemas(root: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every pandera schema below root with what holds it, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Any, Any]] = [(None, root)]
    while stack:
        holder, obj = stack.pop()
        if is_schema(obj):
            yield holder, obj
        elif id(obj) in seen or isinstance(obj, _PLAIN):
            continue
        elif isinstance(obj, dict):
            seen.add(id(obj))
            stack += [(obj, value) for value in obj.values()]
        elif isinstance(obj, (list, tuple, set, frozenset)):
            seen.add(id(obj))
            stack += [(obj, value) for value in obj]
        elif hasattr(obj, "__dict__"):
            seen.add(id(obj))
            stack += [(obj, value) for value in vars(obj).values()]
