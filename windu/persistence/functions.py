"""References to functions and schemas in a saved estimator."""

from __future__ import annotations

import copy
import hashlib
import inspect
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import repeat
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from pandera.pandas import DataFrameSchema
from sklearn.preprocessing import FunctionTransformer

from windu.estimator.prediction import Validation
from windu.exceptions import PersistenceError, UntrustedTypesError, WinduWarning
from windu.persistence.substitution import substitute
from windu.persistence.trust.storable import path_of
from windu.schema.columns import TableSchema
from windu.schema.user.given import pandera_schema_of
from windu.schema.user.stored import is_schema, reference_of, to_json

__all__ = [
    "CODE",
    "FUNCTION_PARTS",
    "FunctionReference",
    "bind",
    "check_same_schemas",
    "check_schemas",
    "detach",
    "is_code",
    "written",
]


def check_schemas(estimator: Any) -> None:
    """Raise if a user's schema in an estimator cannot be stored.

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
    """Return the stored form of a schema: JSON, or a reference to a module.

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
    """Raise if a schema differs after loading.

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


# A table schema is plain data.
_PLAIN = (str, bytes, int, float, type, ModuleType, TableSchema)


def _schemas(root: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every pandera schema below root with what holds it, without recursion."""
    seen: set[int] = set()
    stack: list[tuple[Any, Any]] = [(None, root)]
    while stack:
        holder, obj = stack.pop()
        if isinstance(obj, (type, DataFrameSchema)):
            if is_schema(obj):
                yield holder, obj
        elif id(obj) in seen or isinstance(obj, _PLAIN):
            continue
        elif isinstance(obj, dict):
            seen.add(id(obj))
            stack += zip(repeat(obj), obj.values())
        elif isinstance(obj, (list, tuple, set, frozenset)):
            seen.add(id(obj))
            stack += zip(repeat(obj), obj)
        elif hasattr(obj, "__dict__"):
            seen.add(id(obj))
            stack += zip(repeat(obj), vars(obj).values())


#: Parts that may be functions.
FUNCTION_PARTS = ("featurizer", "transformer")

#: Functions, methods and classes: stored by name, never inspected.
CODE = (FunctionType, BuiltinFunctionType, MethodType, np.ufunc, type(np.mean), type)


@dataclass
class FunctionReference:
    """The module path of a function or schema, and the digest of its source.

    Attributes
    ----------
    name : str
        Full name, ``package.module.function``.
    digest : str
        SHA-256 of the source code.
    """

    name: str
    digest: str


def detach(
    estimator: Any, omit: Collection[str] = (), functions: dict[str, Any] | None = None
) -> Any:
    """Replace a user's functions in an object by references.

    Parameters
    ----------
    estimator : object
        Not changed; what holds a function is copied.
    omit : collection of str, default=()
        Parts whose function need not be found by another process.
    functions : dict of str to callable, default=None
        Takes the functions by their full names.

    Returns
    -------
    object
        The object itself where it holds none.

    Raises
    ------
    PersistenceError
        For a function that no other process can find.
    """
    functions = {} if functions is None else functions
    free = {
        id(_function_of(value))
        for name, value in getattr(estimator, "__dict__", {}).items()
        if name.rstrip("_") in omit
    }

    def change(obj: Any) -> Any:
        if isinstance(obj, (type, DataFrameSchema)) and is_code(obj):
            reference = FunctionReference(written(obj), _digest(obj))
            functions[reference.name] = obj
            return reference
        if not (isinstance(obj, FunctionType) and _is_users(obj)):
            return obj
        if id(obj) not in free:
            _check_importable(obj, estimator)
        reference = FunctionReference(_full_name(obj), _digest(obj))
        functions[reference.name] = obj
        return reference

    return substitute(estimator, change)


def bind(
    estimator: Any, trusted: Collection[str], functions_given: dict[str, Any]
) -> Any:
    """Replace references in an object by functions.

    Parameters
    ----------
    estimator : object
        As loaded.
    trusted : collection of str
        Full names of functions that may be imported.
    functions_given : dict of str to callable
        Functions to use as they are, by part.

    Returns
    -------
    object
        The object itself where it holds no reference.

    Raises
    ------
    UntrustedTypesError
        For a function that is neither given nor trusted.
    PersistenceError
        For a trusted function that cannot be found.
    """
    # A function that is passed replaces the part, not a function inside it.
    for name, value in list(getattr(estimator, "__dict__", {}).items()):
        function = functions_given.get(name.rstrip("_"))
        if function is not None and not callable(function):
            raise PersistenceError(
                f"{name.rstrip('_')} must be a function. Got {function!r}. Give the "
                "one of training."
            )
        if function is not None and isinstance(_function_of(value), FunctionReference):
            vars(estimator)[name] = _with_function(value, function)

    def find_function(obj: Any) -> Any:
        if isinstance(obj, FunctionReference):
            return _find_function(obj, trusted)
        return obj

    return substitute(estimator, find_function)


def _is_users(obj: Any) -> bool:
    """Tell whether a function is one that skops must not resolve by itself."""
    package = str(obj.__module__).partition(".")[0]
    return package not in ("numpy", "scipy", "sklearn")


def _function_of(value: Any) -> Any:
    return value.func if isinstance(value, FunctionTransformer) else value


def _with_function(value: Any, function: Any) -> Any:
    if not isinstance(value, FunctionTransformer):
        return function
    value = copy.copy(value)
    value.func = function
    return value


def _full_name(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _check_importable(function: Any, estimator: Any) -> None:
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "<" in name:
        kind = "a lambda or a local function" if "<" in name else "defined in __main__"
        raise PersistenceError(
            "A function in a saved estimator must be importable from a module. Got "
            f"{name!r}, {kind}, as "
            f"{path_of(estimator, lambda candidate: candidate is function)}. "
            "Move it to a module (a file features.py) and import it from there; it is "
            "stored by name, never as code. Or pass save(..., omit=['featurizer']) for "
            "a part that is a function, and give it again: load(path, featurizer=...)."
        )


def _digest(function: Any) -> str:
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()


def _find_function(reference: FunctionReference, trusted: Collection[str]) -> Any:
    if reference.name not in trusted:
        way = f"Review it, then pass trusted=[{reference.name!r}]; or pass"
        if reference.name.startswith("__main__.") or "<" in reference.name:
            way = "No other process can import it: pass"
        raise UntrustedTypesError(
            f"The file refers to {reference.name!r}, which is not trusted. {way} the "
            "function of a part itself, as load(path, featurizer=...).",
            [reference.name],
        )
    module, _, name = reference.name.rpartition(".")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PersistenceError(
            f"The function {reference.name!r} must be importable. Got: {error}. Add "
            "its module to the path, or pass load(path, featurizer=...)."
        ) from error
    if not (isinstance(function, FunctionType) or is_schema(function)):
        raise PersistenceError(
            f"{reference.name!r} must be a function or a schema of pandera. Got "
            f"{type(function).__name__}."
        )
    if reference.digest and _digest(function) != reference.digest:
        warnings.warn(
            f"The source of {reference.name!r} has changed since the estimator was "
            "saved; predictions may differ. Compare them on known rows, or fit again.",
            WinduWarning,
            stacklevel=2,
        )
    return function
