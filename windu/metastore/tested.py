"""Which estimators have seen which test rows."""

from __future__ import annotations

from contextlib import suppress

from windu.metastore.store import Metastore

__all__ = ["Tested"]

_FOLDER = "tested"


class Tested:
    """Counts the estimators that were evaluated on the same test rows.

    Parameters
    ----------
    store : Metastore or None
        Where it is kept, for all processes; None counts in this object alone.
    """

    def __init__(self, store: Metastore | None):
        self._target = None if store is None else store._copies.first
        self._seen: dict[str, set[str]] = {}

    def count(self, rows: str, estimator: str) -> int:
        """Note that an estimator was evaluated, and return how many were.

        Parameters
        ----------
        rows : str
            Digest of the test rows and their target.
        estimator : str
            Digest of what it was made from; the same one again is not counted.

        Returns
        -------
        int
            From 1 on.
        """
        if self._target is None:
            self._seen.setdefault(rows, set()).add(estimator)
            return len(self._seen[rows])
        folder = f"{_FOLDER}/{rows[:64]}"
        with suppress(FileExistsError):
            self._target.create(f"{folder}/{estimator[:64]}", b"\n")
        return len(self._target.list(folder))
