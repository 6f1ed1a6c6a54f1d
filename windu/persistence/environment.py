"""The versions that a run was made with, and those that are installed."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distributions
from typing import Any

from windu.estimator.digests import MODULES, versions

__all__ = ["changed", "describe", "versions"]


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
    now = versions(name for name in saved if name not in MODULES)
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
