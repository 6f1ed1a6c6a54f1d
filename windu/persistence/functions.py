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
from windu.persistence.substitution import substitute

__all__ = ["FunctionReference", "bind", "detach", "holds_references"]

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
    """Return an object with references in the place of a user's functions.

    Parameters
    ----------
    estimator : object
        Not changed; what holds a function is copied.

    Returns
    -------
    object
        The object itself where it holds none.

    Raises
    ------
    PersistenceError
        For a function that no other process can find.
    """
    return substitute(
        estimator, lambda held: _reference(held) if _is_users(held) else held
    )


def holds_references(estimator: Any) -> bool:
    """Tell whether an object holds references in the place of functions.

    Parameters
    ----------
    estimator : object
        As `detach` gives it.

    Returns
    -------
    bool
        Whether it cannot work before `bind`.
    """
    found = []
    substitute(
        estimator,
        lambda held: found.append(1) if isinstance(held, FunctionReference) else held,
    )
    return bool(found)


def bind(estimator: Any, trusted: Collection[str], given: dict[str, Any]) -> Any:
    """Return an object with functions in the place of references.

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
        The object itself where it holds no reference.

    Raises
    ------
    UntrustedTypesError
        For a function that is neither given nor trusted.
    PersistenceError
        For a trusted function that cannot be found.
    """
    parts = {
        name: value
        for name, value in getattr(estimator, "__dict__", {}).items()
        if name.rstrip("_") in _PARTS
    }
    # A function that is given stands for the part, not for what is deep inside it.
    for name, value in parts.items():
        function = given.get(name.rstrip("_"))
        inner = value.func if isinstance(value, FunctionTransformer) else value
        if function is not None and isinstance(inner, FunctionReference):
            vars(estimator)[name] = _with_function(value, function)

    def found(held: Any) -> Any:
        if isinstance(held, FunctionReference):
            return _find(held, trusted)
        return held

    return substitute(estimator, found)


def _is_users(held: Any) -> bool:
    """Tell whether a function is one that skops must not resolve by itself."""
    if not isinstance(held, FunctionType):
        return False
    package = str(held.__module__).partition(".")[0]
    return package not in ("numpy", "scipy", "sklearn")


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


def _find(reference: FunctionReference, trusted: Collection[str]) -> Any:
    if reference.name not in trusted:
        raise UntrustedTypesError(
            f"The file holds the function {reference.name!r}, which is not trusted. "
            f"Review it, then pass trusted=[{reference.name!r}]; or pass the function "
            "of a part itself, as load(path, featurizer=...).",
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
