"""The versions that a run was made with, and those that are installed."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import distributions
from typing import Any

__all__ = ["changed", "describe", "versions"]

#: Predictions depend on these: the package, and its module, which knows its version.
_MODULES = {
    "windu": "windu",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "skops": "skops",
}


def versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions that predictions depend on.

    Parameters
    ----------
    libraries : iterable of str, default=()
        Modules of other libraries that parts come from.

    Returns
    -------
    dict of str to str
        By package; without those that are not imported.

    Examples
    --------
    >>> from windu.persistence.environment import versions
    >>> sorted(versions())
    ['numpy', 'pandas', 'scikit-learn', 'scipy', 'skops', 'windu']
    """
    modules = _MODULES | {name: name for name in libraries}
    return {
        package: str(sys.modules[module].__version__)
        for package, module in modules.items()
        if hasattr(sys.modules.get(module), "__version__")
    }


def changed(saved: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the packages whose version is another than it was.

    Parameters
    ----------
    saved : mapping of str to str
        As `versions` gave it.

    Returns
    -------
    dict of str to tuple of str
        The version then and now; ``"none"`` for what is not imported.
    """
    now = versions(name for name in saved if name not in _MODULES)
    return {
        package: (saved_version, now.get(package, "none"))
        for package, saved_version in saved.items()
        if now.get(package) != saved_version
    }


def describe() -> dict[str, Any]:
    """Return Python, the machine and every installed package, as plain data."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(_packages()),
    }


@cache
def _packages() -> dict[str, str]:
    # Hundreds of files are read, which takes longer than all else in a save.
    metadata = (distribution.metadata for distribution in distributions())
    return dict(
        sorted(
            (distribution["Name"], distribution["Version"]) for distribution in metadata
        )
    )
