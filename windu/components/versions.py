"""Versions of a function or class, chosen by number in a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from windu.exceptions import PartError, did_you_mean

__all__ = ["register", "registered_as", "version_of"]

_KINDS = (
    *("preprocess", "featurizer", "transformer", "label_encoder", "model"),
    "threshold",
)
_T = TypeVar("_T", bound=Callable[..., Any])

_VERSIONS: dict[tuple[str, str], dict[int, Any]] = {}


def register(kind: str, name: str, *, version: int) -> Callable[[_T], _T]:
    """Register a version of a step's function or class.

    A configuration names it by module, name and version:
    ``featurizer: {use: "mypackage.features:add_ratios", version: 2}``.

    Parameters
    ----------
    kind : {"preprocess", "featurizer", "transformer", "label_encoder", "model", \
            "threshold"}
        What it is for.
    name : str
        The name that all versions share.
    version : int
        From 1 on.

    Returns
    -------
    callable
        A decorator that returns what it is given.

    Raises
    ------
    PartError
        For another kind, or a version that is no number from 1 on.

    Examples
    --------
    >>> from windu import register
    >>> @register("featurizer", "add_ratios", version=2)
    ... def add_ratios_by_day(frame):
    ...     return frame.assign(ratio=frame["paid"] / frame["days"])
    """
    if kind not in _KINDS:
        raise PartError(
            f"kind must be one of {list(_KINDS)}. Got {kind!r}."
            + did_you_mean(kind, _KINDS)
        )
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise PartError(f"version must be a number from 1 on. Got {version!r}.")

    def decorate(obj: _T) -> _T:
        _VERSIONS.setdefault((obj.__module__, name), {})[version] = obj
        return obj

    return decorate


def version_of(module: str, name: str, version: int) -> Any:
    """Return what was registered, after its module was imported.

    Raises
    ------
    PartError
        If nothing was; the message names what was.
    """
    versions = _VERSIONS.get((module, name), {})
    if version not in versions:
        names = [
            registered_name for home, registered_name in _VERSIONS if home == module
        ]
        raise PartError(
            f"{module!r} must register version {version} of {name!r}. Got "
            f"{f'the versions {sorted(versions)}' if versions else 'no version of it'}."
            + ("" if versions else did_you_mean(name, names))
        )
    return versions[version]


def registered_as(obj: Any) -> tuple[str, int] | None:
    """Return name and version of what was registered last, None for anything else."""
    for (module, name), versions in _VERSIONS.items():
        for version, registered in versions.items():
            if registered is obj and module == obj.__module__:
                return name, version
    return None
