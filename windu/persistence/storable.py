"""Which part of an object cannot be stored: its path, told at save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype

from windu.exceptions import PersistenceError
from windu.persistence.walking import parts_of, walk

__all__ = ["check_storable", "path_of", "path_to"]

#: skops stores their inner state without their buffers, which crashes the process when
#: it is used again.
_TABLES = (ExtensionArray, ExtensionDtype, pd.DataFrame, pd.Index, pd.Series)


def check_storable(root: Any) -> None:
    """Raise if an object holds columns of pandas, which skops stores and cannot load.

    Parameters
    ----------
    root : object
        What is to be stored.

    Raises
    ------
    PersistenceError
        With the path.
    """
    if _holds(root, _is_table):
        raise PersistenceError(
            "What is saved must hold arrays, lists and texts in the place of columns "
            f"of pandas. Got one as {path_of(root, _is_table)}. Use a list of it, "
            "list(...), or an array of numpy, to_numpy()."
        )


def _is_table(obj: Any) -> bool:
    return isinstance(obj, _TABLES) or type(obj).__module__.startswith("pyarrow.")


def _holds(root: Any, is_wanted: Callable[[Any], bool]) -> bool:
    return is_wanted(root) or any(
        is_wanted(value) for _, parts in walk(root, stored=True) for _, value in parts
    )


def path_of(root: Any, is_wanted: Callable[[Any], bool]) -> str:
    """Return the path of the first part of a kind, and what it is.

    Parameters
    ----------
    root : object
        Holds one.
    is_wanted : callable
        Tells whether an object is one.

    Returns
    -------
    str
        As from `path_to`.
    """
    return path_to(root, lambda obj: _holds(obj, is_wanted), is_wanted)


def path_to(
    root: Any,
    fails: Callable[[Any], bool],
    ends: Callable[[Any], bool] = lambda _: False,
) -> str:
    """Return the path of the innermost part that fails, and what it is.

    Parameters
    ----------
    root : object
        Fails as a whole.
    fails : callable
        Tells whether an object fails.
    ends : callable, default=never
        Tells whether an object is not looked into.

    Returns
    -------
    str
        Such as ``steps[0][1].mean_ of the Pipeline (of type Series)``.
    """
    path, obj = "", root
    seen = {id(root)}
    while not ends(obj):
        for place, value in parts_of(obj, stored=True):
            if id(value) not in seen and fails(value):
                path, obj = path + place, value
                seen.add(id(value))
                break
        else:
            break
    kind = type(obj).__name__
    return f"{path.lstrip('.') or 'all'} of the {type(root).__name__} (of type {kind})"
