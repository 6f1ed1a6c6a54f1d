"""Journals of trials that a process which was killed does not hold up."""

from __future__ import annotations

import os
import sys
import time
from io import BufferedReader

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

__all__ = ["JOURNAL", "open_journal"]

#: How the name of a file ends that is a journal; other paths are SQLite files.
JOURNAL = ".journal"
#: What optuna calls the lock of a file.
_SUFFIX = ".lock"
#: Seconds that a program has which writes by optuna alone; each of its writes is short.
_PATIENCE = 1.0


def open_journal(path: str) -> JournalStorage:
    """Return a journal of optuna, made if it is not there.

    Parameters
    ----------
    path : str
        Of the file.

    Returns
    -------
    optuna.storages.JournalStorage
        That optuna opens as well, also at the same time.
    """
    return JournalStorage(JournalFileBackend(path, _Lock(path)))


class _Lock(JournalFileSymlinkLock):
    """The lock of optuna, taken at once from a process that was killed.

    That lock is a link, which stays when its process is killed: the next one waits
    half a minute for it. Who takes it here holds the lock of the kernel first, which
    ends with its process, so that a link which is still there is left over.
    """

    def __init__(self, path: str):
        super().__init__(path)
        self._journal, self._link = path, path + _SUFFIX
        self._held: BufferedReader | None = None

    def acquire(self) -> bool:
        """Wait until nobody else writes."""
        journal = open(self._journal, "rb")  # noqa: SIM115 -- until release
        try:
            if _lock(journal) and self._is_left():
                super().release()
            super().acquire()
        except BaseException:
            journal.close()
            raise
        self._held = journal
        return True

    def release(self) -> None:
        """Let others write."""
        journal, self._held = self._held, None
        try:
            super().release()
        finally:
            if journal is not None:
                journal.close()

    def _is_left(self) -> bool:
        before = self._identity()
        if before is None:
            return False
        time.sleep(_PATIENCE)
        return self._identity() == before

    def _identity(self) -> tuple[int, int] | None:
        """Return what tells a link from the next one of its name."""
        try:
            link = os.lstat(self._link)
        except FileNotFoundError:
            return None
        return link.st_ino, link.st_ctime_ns


def _lock(journal: BufferedReader) -> bool:
    """Wait for the lock of the kernel, and return whether there is one."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(journal, fcntl.LOCK_EX)
    except OSError:
        # Some network file systems have none.
        return False
    return True
