"""The tables that benchmarks run on: a folder of real ones, or windu's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from windu import datasets


@dataclass
class Table:
    """One table with its target, task and main metric."""

    name: str
    X: pd.DataFrame
    y: pd.Series | pd.DataFrame
    task: str
    metric: str


def read_tables(
    folder: Path | None, names: list[str], max_rows: int
) -> Iterator[Table]:
    """Yield tables from a folder of NAME/{X.parquet,y.parquet,meta.json}.

    Without a folder, the tables that windu ships; at most `max_rows` random rows each.
    """
    for name in names or sorted(_found(folder)):
        table = _shipped(name) if folder is None else _from_folder(folder / name)
        if len(table.X) > max_rows:
            rows = np.random.default_rng(0).permutation(len(table.X))[:max_rows]
            table.X = table.X.iloc[rows].reset_index(drop=True)
            table.y = table.y.iloc[rows].reset_index(drop=True)
        yield table


def _found(folder: Path | None) -> list[str]:
    if folder is None:
        return list(_SHIPPED)
    return [path.parent.name for path in folder.glob("*/meta.json")]


def _from_folder(folder: Path) -> Table:
    meta = json.loads((folder / "meta.json").read_text())
    y = pd.read_parquet(folder / "y.parquet")
    one = y.iloc[:, 0] if y.shape[1] == 1 else y
    metric = {"rmse/r2": "r2"}.get(meta["metric"], meta["metric"])
    return Table(
        folder.name, pd.read_parquet(folder / "X.parquet"), one, meta["task"], metric
    )


_SHIPPED = {
    "nhefs": ("binary", "roc_auc"),
    "penguins": ("multiclass", "log_loss"),
    "storms": ("multiclass", "macro_f1"),
    "tate": ("regression", "r2"),
}


def _shipped(name: str) -> Table:
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return Table(name, X, y, *_SHIPPED[name])
