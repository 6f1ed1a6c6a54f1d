"""Lines of decisions that one moving cut makes, and the values it takes there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from windu.components.thresholds.objectives import Line

__all__ = ["between", "line_at", "line_of", "some_of"]


def line_of(
    rule: Any, scores: np.ndarray, cuts: np.ndarray, index: int
) -> tuple[Line, np.ndarray]:
    """Return the line of one cut, the others kept, with an end at every change.

    Parameters
    ----------
    rule : rule
        One of `RULES`.
    scores : ndarray
        Of all rows.
    cuts : ndarray of shape (n_cuts,)
        Where they stand.
    index : int
        The one that moves.

    Returns
    -------
    line : Line
        With an end between any two distinct scores, before the first and after the
        last.
    falling : ndarray of shape (n_changes,)
        Scores of its rows.
    """
    position, line = rule.position(scores, cuts, index)
    # Rows of one score change at one cut: their order does not matter.
    order = np.argsort(-position)
    falling = position[order]
    ends = np.flatnonzero(-np.diff(falling) > rule.dust) + 1
    ends = np.concatenate([[0], ends, [len(falling)]]) if len(falling) else ends
    rows, before, after = line.rows[order], line.before[order], line.after[order]
    reduced = replace(line, rows=rows, before=before, after=after, ends=ends)
    return reduced, falling


def line_at(line: Line, falling: np.ndarray, at: np.ndarray) -> Line:
    """Return the same line with its ends at given values of the cut.

    Parameters
    ----------
    line, falling
        As `line_of` gives them.
    at : ndarray of shape (n_values,)
        From the highest to the lowest.

    Returns
    -------
    Line
        With one end a value.
    """
    return replace(line, ends=np.searchsorted(-falling, -at, side="right"))


def some_of(ends: np.ndarray, falling: np.ndarray, most: int | None) -> np.ndarray:
    """Return no more than so many ends: half evenly by rows, half evenly by scores.

    Parameters
    ----------
    ends, falling : ndarray
        As `line_of` gives them.
    most : int or None
        None returns all.

    Returns
    -------
    ndarray of shape (n_values,)
        The first and the last among them.
    """
    if most is None or len(ends) <= most:
        return ends
    by_rows = np.linspace(0, len(ends) - 1, most - most // 2).round()
    rising = -falling[np.minimum(ends, len(falling) - 1)]
    levels = np.linspace(rising[0], rising[-1], most // 2)
    by_scores = np.searchsorted(rising, levels)
    return ends[np.union1d(by_rows, np.minimum(by_scores, len(ends) - 1)).astype(int)]


def between(falling: np.ndarray, ends: np.ndarray, dust: float) -> np.ndarray:
    """Return cuts that the first so many scores reach, halfway to the next score.

    Parameters
    ----------
    falling : ndarray of shape (n_changes,)
        As `line_of` gives it.
    ends : ndarray of shape (n_values,)
        Numbers of scores.
    dust : float
        Scores that differ by no more are one.

    Returns
    -------
    ndarray of shape (n_values,)
        Values of the cut.
    """
    if not len(ends):
        return np.empty(0)
    above = falling[np.maximum(ends - 1, 0)]
    below = falling[np.minimum(ends, len(falling) - 1)]
    middle = below + (above - below) / 2
    middle = np.where(middle > below, middle, above)
    middle = np.where(ends == 0, np.nextafter(falling[0] + dust, np.inf), middle)
    return np.where(ends == len(falling), falling[-1] - dust, middle)
