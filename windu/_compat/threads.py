"""OpenMP threads by the size of the work."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["SMALL_FIT", "openmp_threads"]

#: Below this many cells one thread is as fast as a pool, and never waits for one.
SMALL_FIT = 50_000
SMALL_PREDICT = 20_000


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> ThreadpoolController:
    """Look for libraries, again where one may have been loaded since the last look."""
    return ThreadpoolController()


def openmp_threads(cells: int, *, fit: bool) -> AbstractContextManager[Any]:
    """Return a context in which small work runs on one OpenMP thread.

    Only OpenMP is limited: its limit belongs to the calling thread, so that
    predictions in several threads do not undo each other's; BLAS limits are global.

    Parameters
    ----------
    cells : int
        Rows times columns of the work.
    fit : bool
        Whether the work is fitting.

    Returns
    -------
    context manager
        Does nothing for large work.
    """
    if cells > (SMALL_FIT if fit else SMALL_PREDICT):
        return nullcontext()
    controller = _controller(len(sys.modules))
    limit: AbstractContextManager[Any] = controller.limit(limits=1, user_api="openmp")
    return limit
