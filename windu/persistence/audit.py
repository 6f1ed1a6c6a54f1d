"""What a skops file would do with the names it holds, looked at before it is built.

skops asks whether a name is trusted, not what for: a function that is trusted as a
value could stand where skops calls it, with arguments from the file. And it walks parts
that are shared once for each way that leads to them.
"""

from __future__ import annotations

import json
from importlib import import_module
from io import BytesIO
from types import BuiltinFunctionType, FunctionType
from typing import Any
from zipfile import ZipFile

import numpy as np

from windu.exceptions import IntegrityError

__all__ = ["check_cost", "check_roles", "tree_of"]

#: Earlier protocols look at fewer names.
_MIN_PROTOCOL = 2
#: Nodes that skops visits, each as often as it is referred to.
_MAX_VISITS = 10_000_000
#: Whose functions may be values.
_PACKAGES = ("numpy", "scipy", "sklearn")
_FUNCTION = "FunctionNode"
#: What a function may be; numpy has a type of its own for most of its functions.
_FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc, type(np.mean))
#: These loaders build no class by its name.
_WITHOUT_CLASS = ("JsonNode", "CachedNode")
_BASES: dict[str, type | tuple[type, ...]] = {
    "DictNode": dict,
    "DefaultDictNode": dict,
    "ListNode": list,
    "SetNode": (set, frozenset),
    "TupleNode": tuple,
    "NdArrayNode": (np.ndarray, np.generic),
}


def tree_of(archive: bytes) -> dict[str, Any]:
    """Return the tree of nodes that a skops file describes, as plain data."""
    with ZipFile(BytesIO(archive)) as file:
        tree = json.loads(file.read("schema.json"))
    if not isinstance(tree, dict):
        raise ValueError("its tree is no object")
    return tree


def check_cost(tree: dict[str, Any], source: str) -> None:
    """Raise if skops would walk a tree for ever, or by the rules of an old protocol.

    Parameters
    ----------
    tree : dict
        As from `tree_of`.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        With the reason.
    """
    protocol = tree.get("protocol")
    if type(protocol) is not int or protocol < _MIN_PROTOCOL:
        raise IntegrityError(
            f"{source} must be of skops' protocol {_MIN_PROTOCOL} or later. Got "
            f"{protocol!r}. Save it again with a newer skops."
        )
    costs: dict[Any, int] = {}

    def visits(obj: Any) -> int:
        if isinstance(obj, list):
            return sum(map(visits, obj))
        if not isinstance(obj, dict):
            return 0
        number = obj.get("__id__")
        if not isinstance(number, (int, str, float)):
            number = None
        if number in costs:
            return costs[number]
        if number is not None:
            # What leads back to itself is walked once.
            costs[number] = 1
        total = 1 + sum(map(visits, obj.values()))
        if number is not None:
            costs[number] = total
        return total

    if visits(tree) > _MAX_VISITS:
        raise IntegrityError(
            f"{source} must hold at most {_MAX_VISITS} parts, counted as often as they "
            "are referred to. Got more: it is damaged or was edited."
        )


def check_roles(tree: dict[str, Any], source: str) -> None:
    """Raise if a name stands where skops would call it, and is no class for it.

    Parameters
    ----------
    tree : dict
        As from `tree_of`; every name in it is trusted, so that it may be imported.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        With the name.
    """
    stack: list[Any] = [tree]
    seen: set[tuple[str, str, str]] = set()
    while stack:
        obj = stack.pop()
        if isinstance(obj, list):
            stack += obj
        elif isinstance(obj, dict):
            stack += obj.values()
            loader = obj.get("__loader__")
            if not isinstance(loader, str) or loader in _WITHOUT_CLASS:
                # A user's dict may have any keys; its values are nodes, never texts.
                continue
            role = (loader, str(obj.get("__module__")), str(obj.get("__class__")))
            if role in seen:
                continue
            seen.add(role)
            if not _fits(*role):
                raise IntegrityError(
                    f"{source} must use each name as what it is. Got "
                    f"'{role[1]}.{role[2]}' as a {loader}. It was edited; do not use "
                    "it."
                )


def _fits(loader: str, module: str, name: str) -> bool:
    if loader == _FUNCTION and module.partition(".")[0] not in _PACKAGES:
        # A user's function is a reference, which windu binds.
        return False
    try:
        value = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return False
    if loader == _FUNCTION:
        return isinstance(value, _FUNCTIONS)
    return isinstance(value, type) and issubclass(value, _BASES.get(loader, object))
