"""How far a column of a new table is from the column of training, as one number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

from windu.schema import kinds
from windu.schema.columns import ColumnSchema

__all__ = ["MIN_ROWS", "bins_of", "drift_of"]

#: Fewer rows say nothing about a distribution.
MIN_ROWS = 30
#: Deciles are read off so many rows at most.
_SAMPLE = 5_000
_N_BINS = 10


def bins_of(numbers: np.ndarray) -> dict[str, list[float]]:
    """Return the different deciles of numbers, and the share of numbers in each bin.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,)
        With NaN for missing values, at least one number.

    Returns
    -------
    dict
        ``bin_edges``, which rise, and ``bin_shares``: one below the first edge, one
        from each edge on.
    """
    step = -(-len(numbers) // _SAMPLE)
    sample = numbers[::step]
    if np.isnan(sample).all():
        sample = numbers
    edges = np.unique(np.nanquantile(sample, np.linspace(0, 1, _N_BINS + 1)))
    return {"bin_edges": edges.tolist(), "bin_shares": _shares(sample, edges).tolist()}


def _shares(numbers: np.ndarray, edges: np.ndarray) -> np.ndarray:
    real = numbers[~np.isnan(numbers)]
    bins = np.searchsorted(edges, real, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return counts / max(1, len(real))


def drift_of(values: pd.Series, column: ColumnSchema) -> float | None:
    """Return the Jensen-Shannon distance of a column to its training distribution.

    Base 2, so that 0 is the same distribution and 1 has nothing in common [1]_.
    Numbers and dates are binned at the deciles of training; a missing value is a bin
    of its own.

    Parameters
    ----------
    values : pandas.Series
        The column, conformed to the schema.
    column : ColumnSchema
        What was seen in training.

    Returns
    -------
    float or None
        None without a stored distribution or with fewer than 30 rows.

    References
    ----------
    .. [1] Lin (1991). Divergence measures based on the Shannon entropy. IEEE
       Transactions on Information Theory 37(1).
    """
    if len(values) < MIN_ROWS:
        return None
    if column.bin_edges is not None and column.bin_shares is not None:
        numbers = kinds.numbers_of(values, column)
        trained = np.array(column.bin_shares)
        shares = _shares(numbers, np.array(column.bin_edges))
        # Also texts that stand for no value.
        missing = float(np.isnan(numbers).mean())
    elif column.level_shares is not None and column.levels is not None:
        trained, shares = _of_levels(values, column.levels, column.level_shares)
        missing = float(values.isna().mean())
    else:
        return None
    trained = np.append(trained * (1 - column.null_share), column.null_share)
    shares = np.append(shares * (1 - missing), missing)
    # Rounding can leave a number just below zero under the root of equal shares.
    with np.errstate(invalid="ignore"):
        distance = float(jensenshannon(trained, shares, base=2))
    return 0.0 if np.isnan(distance) else distance


def _of_levels(
    values: pd.Series, levels: list[bool | int | float | str], shares: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    present = values.dropna()
    trained = np.append(shares, 0.0)
    if not len(present):
        return trained, np.zeros(len(trained))
    position_of = {str(level): i for i, level in enumerate(levels)}
    counts = kinds.as_texts(present).map(str).value_counts()
    found = np.zeros(len(trained))
    for level, count in counts.items():
        found[position_of.get(str(level), len(levels))] += count / len(present)
    return trained, found
