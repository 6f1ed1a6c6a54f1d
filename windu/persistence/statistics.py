"""What is known of the training table, as plain data that other tools can read."""

from __future__ import annotations

from typing import Any

__all__ = ["statistics"]


def statistics(estimator: Any) -> dict[str, Any]:
    """Return what the schema of a fitted estimator says of each column.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.

    Returns
    -------
    dict
        ``task``, ``n_columns``, and one object a column: its kind, the share of missing
        values, and the range and deciles of numbers or the shares of levels.
    """
    columns = {
        str(column.name): {
            "kind": column.kind,
            "dtype": column.dtype,
            "null_share": column.null_share,
            "minimum": column.minimum,
            "maximum": column.maximum,
            "deciles": column.bin_edges,
            "level_shares": _shares(column),
        }
        for column in estimator._table_schema.columns
    }
    return {
        "task": estimator.task_,
        "n_columns": len(columns),
        "columns": {
            name: {
                key: value
                for key, value in statistics_of_column.items()
                if value is not None
            }
            for name, statistics_of_column in columns.items()
        },
    }


def _shares(column: Any) -> dict[str, float] | None:
    if column.levels is None or column.level_shares is None:
        return None
    return dict(zip(map(str, column.levels), column.level_shares, strict=True))
