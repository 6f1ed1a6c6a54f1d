"""Does it pay to learn logarithms of heavy-tailed amounts, where windu decides so?

    python benchmarks/amounts.py [--data FOLDER] [--tables a,b] [--rows 1500,6000]

The default estimator against itself with ``label_encoder=None``, on all targets of
regression with a heavy tail, and on columns of the tables that have one (at most three
a table, learned from the other columns). Three folds, two draws of so many rows. Errors
are root mean squares on held-out rows, in the units of the target.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold
from tables import Table, read_tables

from windu import WinduEstimator
from windu.components.log_encoder import has_heavy_tail

PER_TABLE = 3
DISTINCT = 50


def targets(table: Table) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Yield name, columns and amounts with a heavy tail."""
    if table.task == "regression" and has_heavy_tail(table.y.to_numpy()):
        yield table.name, table.X, table.y
    found = 0
    for name in table.X.select_dtypes("number"):
        known = table.X[name].notna()
        amounts = table.X.loc[known, name].astype(float)
        many = found < PER_TABLE and amounts.nunique() >= DISTINCT
        if many and has_heavy_tail(amounts.to_numpy()):
            found += 1
            yield f"{table.name}.{name}", table.X[known].drop(columns=name), amounts


def run(X: pd.DataFrame, y: pd.Series, n_rows: int, draws: int) -> list[dict[str, Any]]:
    """Return one row a draw and fold."""
    rows = []
    for draw in range(draws):
        drawn = np.random.default_rng(draw).permutation(len(X))[:n_rows]
        folds = KFold(3, shuffle=True, random_state=draw).split(drawn)
        for train, test in ((drawn[a], drawn[b]) for a, b in folds):
            if not has_heavy_tail(y.iloc[train].to_numpy()):
                continue
            errors, seconds = {}, {}
            for encoder in (None, "auto"):
                est = WinduEstimator(
                    task="regression", label_encoder=encoder, random_state=0
                )
                start = time.perf_counter()
                est.fit(X.iloc[train], y.iloc[train])
                seconds[encoder] = time.perf_counter() - start
                predicted = est.predict(X.iloc[test])
                errors[encoder] = root_mean_squared_error(y.iloc[test], predicted)
            rows.append(
                {
                    "logarithms": est.label_encoder_ is not None,
                    "error": errors["auto"] / errors[None] - 1,
                    "seconds": seconds["auto"] / seconds[None],
                }
            )
    return rows


def line(name: str, rows: pd.DataFrame) -> str:
    """Return what a target shows."""
    chosen = rows[rows.logarithms]
    text = f"{name:38} logarithms in {len(chosen):3} of {len(rows):3}, error "
    text += f"{rows.error.mean():+7.2%}, fit time x{rows.seconds.median():.2f}"
    if len(chosen):
        text += f" | where chosen {chosen.error.mean():+7.2%}, "
        text += f"lower in {(chosen.error < 0).sum()} of {len(chosen)}, "
        text += f"worst {chosen.error.max():+.1%}"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", default="")
    parser.add_argument("--rows", default="1500,6000")
    parser.add_argument("--draws", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    names = options.tables.split(",") if options.tables else []
    for n_rows in map(int, options.rows.split(",")):
        print(f"{n_rows} rows, two thirds of them to train", flush=True)
        found = []
        for table in read_tables(options.data, names, 50_000):
            for name, X, y in targets(table):
                rows = run(X, y, n_rows, options.draws)
                if rows:
                    found += rows
                    print(line(name, pd.DataFrame(rows)), flush=True)
        if found:
            print(line("all", pd.DataFrame(found)), flush=True)


if __name__ == "__main__":
    main()
