"""Functions in a saved estimator: kept as references, bound by windu after load."""

from __future__ import annotations

import copy
import hashlib
import inspect
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any

from sklearn.preprocessing import FunctionTransformer

from windu.exceptions import PersistenceError, UntrustedTypesError, WinduWarning

__all__ = ["FunctionReference", "bind", "detach", "functions_of"]

_PARTS = ("featurizer", "transformer")


@dataclass
class FunctionReference:
    """Where a function is found, and what its source was.

    Attributes
    ----------
    name : str
        Full name, ``package.module.function``.
    digest : str
        SHA-256 of the source code.
    """

    name: str
    digest: str


def detach(estimator: Any) -> Any:
    """Return a copy of an estimator with references in the place of functions.

    Parameters
    ----------
    estimator : WinduEstimator or other object
        Not changed; another object comes back as it is.

    Returns
    -------
    object
        The copy.

    Raises
    ------
    PersistenceError
        For a function that no other process can find.
    """
    changes = {
        name: _with_function(value, _reference(function))
        for name, value, function in functions_of(estimator)
    }
    if not changes:
        return estimator
    estimator = copy.copy(estimator)
    vars(estimator).update(changes)
    return estimator


def functions_of(estimator: Any) -> list[tuple[str, Any, Any]]:
    """Return attribute name, value, and the function or reference in it."""
    found = []
    for part in _PARTS:
        for name in (part, f"{part}_"):
            value = (
                vars(estimator).get(name) if hasattr(estimator, "__dict__") else None
            )
            inner = value.func if isinstance(value, FunctionTransformer) else value
            if isinstance(inner, (FunctionType, FunctionReference)):
                found.append((name, value, inner))
    return found


def bind(estimator: Any, trusted: Collection[str], given: dict[str, Any]) -> Any:
    """Put functions back in the place of references; changes the estimator.

    Parameters
    ----------
    estimator : object
        As loaded.
    trusted : collection of str
        Full names of functions that may be imported.
    given : dict of str to callable
        Functions to use as they are, by part.

    Returns
    -------
    object
        The estimator.

    Raises
    ------
    UntrustedTypesError
        For a function that is neither given nor trusted.
    PersistenceError
        For a trusted function that cannot be found.
    """
    for name, value, reference in functions_of(estimator):
        if isinstance(reference, FunctionReference):
            function = given.get(name.rstrip("_")) or _find(reference, name, trusted)
            vars(estimator)[name] = _with_function(value, function)
    return estimator


def _with_function(value: Any, function: Any) -> Any:
    if not isinstance(value, FunctionTransformer):
        return function
    value = copy.copy(value)
    value.func = function
    return value


def _reference(function: Any) -> FunctionReference:
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or "<" in name:
        kind = "a lambda or a local function" if "<" in name else "defined in __main__"
        raise PersistenceError(
            "A function in a saved estimator must be importable from a module. Got "
            f"{name!r}, {kind}. Move it to a module (a file features.py) and import "
            "it from there; it is stored by name, never as code."
        )
    return FunctionReference(f"{module}.{name}", _digest(function))


def _digest(function: Any) -> str:
    try:
        source = inspect.getsource(function)
    except OSError:
        return ""
    return hashlib.sha256(source.encode()).hexdigest()


def _find(reference: FunctionReference, part: str, trusted: Collection[str]) -> Any:
    part = part.rstrip("_")
    if reference.name not in trusted:
        raise UntrustedTypesError(
            f"The file's {part} is the function {reference.name!r}, which is not "
            f"trusted. Review it, then pass trusted=[{reference.name!r}], or pass the "
            f"function itself: load(path, {part}=...).",
            [reference.name],
        )
    module, _, name = reference.name.rpartition(".")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise PersistenceError(
            f"The function {reference.name!r} must be importable. Got: {error}. Add "
            f"its module to the path, or pass load(path, {part}=...)."
        ) from error
    if not isinstance(function, FunctionType):
        raise PersistenceError(
            f"{reference.name!r} must be a function. Got {type(function).__name__}."
        )
    if reference.digest and _digest(function) != reference.digest:
        warnings.warn(
            f"The source of {reference.name!r} has changed since the estimator was "
            "saved; predictions may differ. Compare them on known rows, or fit again.",
            WinduWarning,
            stacklevel=2,
        )
    return function
