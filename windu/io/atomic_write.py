"""Files that appear whole or not at all: written beside, then renamed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from windu.exceptions import PersistenceError

__all__ = ["atomic_write"]


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Create a temporary folder beside a path, removed at the end.

    Parameters
    ----------
    path : pathlib.Path
        What is written in the folder is to be renamed to it.

    Yields
    ------
    pathlib.Path
        On the same file system.

    Raises
    ------
    PersistenceError
        If nothing can be written there, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=path.parent, prefix=f".{path.name}."
        ) as folder:
            yield Path(folder)
    except OSError as error:
        raise PersistenceError(
            f"{str(path)!r} must be writable. Got: {error}. An earlier file of this "
            "name is still whole."
        ) from error
