"""Spaces of a search in a configuration: parts in lists, ranges as they are."""

from __future__ import annotations

from typing import Any

from windu.config.parts import read_part
from windu.config.reading import Reader
from windu.config.writing import write_part
from windu.config.yaml_text import Path
from windu.estimator.parts import PARTS

__all__ = ["read_space", "write_space"]


def read_space(reader: Reader, space: Any, path: Path) -> Any:
    """Return a space whose lists of parts hold what their texts stand for.

    Parameters
    ----------
    reader : Reader
        Of the document.
    space : "auto", dict or list of dict
        As read.
    path : tuple
        Where it stands.

    Returns
    -------
    "auto", dict or list of dict
        As `OptunaSearchCV` takes it.

    Raises
    ------
    ConfigError
        For a part that is none, with its place.
    """
    if isinstance(space, list):
        return [read_space(reader, block, (*path, i)) for i, block in enumerate(space)]
    if not isinstance(space, dict):
        return space
    return {
        name: [
            read_part(reader, name, block, (*path, name, i))()
            for i, block in enumerate(values)
        ]
        if name in PARTS and isinstance(values, list)
        else values
        for name, values in space.items()
    }


def write_space(space: Any, path: Path) -> Any:
    """Return a space as plain data, of which `read_space` makes it again.

    Parameters
    ----------
    space : "auto", dict or list of dict
        As `OptunaSearchCV` takes it.
    path : tuple
        Where it stands.

    Returns
    -------
    str, dict or list
        Plain data.

    Raises
    ------
    ConfigError
        For what has no form in YAML, such as a distribution of scipy.
    """
    if isinstance(space, (list, tuple)):
        return [write_space(block, (*path, i)) for i, block in enumerate(space)]
    if not isinstance(space, dict):
        return write_part("space", space, path)
    return {
        name: [
            write_part(name, block, (*path, name, i)) for i, block in enumerate(values)
        ]
        if name in PARTS and isinstance(values, (list, tuple))
        else write_part("space", values, (*path, name))
        for name, values in space.items()
    }
