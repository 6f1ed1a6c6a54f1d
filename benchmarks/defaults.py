"""How good are the defaults? windu's against plain boosting, linear models and peers.

    python benchmarks/defaults.py [--data FOLDER] [--tables a,b] [--systems windu,hgb]

Three-fold cross-validation, at most 20,000 rows a table, the raw columns for everybody.
``hgb`` is plain HistGradientBoosting on ordinal codes, ``linear`` is one-hot logistic
or ridge regression; ``lightgbm``, ``catboost`` and ``skrub`` run where installed. Fit
times are ratios to ``hgb`` in the same run. A tie is within one standard error of the
fold-wise difference to the better of ``hgb`` and ``linear``.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from peers import PEERS
from sklearn.base import clone
from sklearn.metrics import f1_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import LabelEncoder
from tables import Table, read_tables

from windu import WinduEstimator


def windu_default(table: Table) -> Any:
    return WinduEstimator(random_state=0)


SYSTEMS = {"windu": windu_default, **PEERS}
NEEDS = {"lightgbm": "lightgbm", "catboost": "catboost", "skrub": "skrub"}


def scores(
    table: Table, output: np.ndarray, y: np.ndarray, labels: Any
) -> dict[str, float]:
    """Return the main metric and log-loss (negated) or R2, higher is better."""
    if table.task == "regression":
        return {"main": r2_score(y, output), "second": r2_score(y, output)}
    if table.task == "multilabel":
        varied = [i for i in range(y.shape[1]) if len(np.unique(y[:, i])) == 2]
        clipped = np.clip(output, 1e-12, 1 - 1e-12)
        losses = -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))
        return {
            "main": roc_auc_score(y[:, varied], output[:, varied], average="macro"),
            "second": -losses.mean(),
        }
    loss = -log_loss(y, output, labels=labels)
    main = {
        "roc_auc": lambda: roc_auc_score(y, output[:, 1]),
        "log_loss": lambda: loss,
        "macro_f1": lambda: f1_score(y, labels[output.argmax(axis=1)], average="macro"),
    }[table.metric]()
    return {"main": main, "second": loss}


def constant(table: Table, y_train: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the best prediction that does not look at X."""
    if table.task in ("regression", "multilabel"):
        return np.broadcast_to(y_train.mean(axis=0), (n_rows, *y_train.shape[1:]))
    shares = np.bincount(y_train) / len(y_train)
    return np.tile(shares, (n_rows, 1))


def probabilities(est: Any, table: Table, X: pd.DataFrame) -> np.ndarray:
    """Return values, or one column a class or label."""
    if table.task == "regression":
        return np.asarray(est.predict(X)).ravel()
    proba = est.predict_proba(X)
    if isinstance(proba, list):
        return np.column_stack(
            [p[:, -1] if p.shape[1] > 1 else 0 * p[:, 0] for p in proba]
        )
    return np.asarray(proba)


def run_table(table: Table, systems: list[str]) -> list[dict[str, Any]]:
    """Return one row a system and fold."""
    X, given = table.X, np.asarray(table.y)
    y = given
    if table.task in ("binary", "multiclass"):
        y = LabelEncoder().fit_transform(y)
    discrete = y.ndim == 1 and table.task != "regression"
    splitter = (StratifiedKFold if discrete else KFold)(3, shuffle=True, random_state=0)
    labels = np.unique(y) if discrete else None
    rows = []
    for fold, (train, test) in enumerate(splitter.split(X, y if discrete else None)):
        base = scores(table, constant(table, y[train], len(test)), y[test], labels)
        for system in systems:
            est = clone(SYSTEMS[system](table))
            start = time.perf_counter()
            # windu decodes labels itself; whole numbers are what others take as well.
            est.fit(X.iloc[train], given[train] if system == "windu" else y[train])
            seconds = time.perf_counter() - start
            found = scores(
                table, probabilities(est, table, X.iloc[test]), y[test], labels
            )
            rows.append(
                {
                    **{"table": table.name, "system": system, "fold": fold},
                    **found,
                    **{"constant": base["second"], "seconds": seconds},
                }
            )
    return rows


def summary(results: pd.DataFrame) -> str:
    """Return one line a table, and the verdicts."""
    lines, ratios, held = [], [], 0
    for table, rows in results.groupby("table", sort=False):
        main = rows.pivot(index="fold", columns="system", values="main")
        means = rows.groupby("system", sort=False)[["main", "second", "seconds"]].mean()
        line = f"{table:18}" + "".join(
            f" {system} {means.main[system]:.4f} ({means.seconds[system]:.2f}s)"
            for system in means.index
        )
        if {"windu", "hgb", "linear"} <= set(means.index):
            better = means.main[["hgb", "linear"]].idxmax()
            difference = main["windu"] - main[better]
            error = difference.std(ddof=1) / np.sqrt(len(difference))
            beats = means.second["windu"] > rows["constant"].mean()
            ok = bool(difference.mean() >= -error and beats)
            held += ok
            ratios.append(means.seconds["windu"] / means.seconds["hgb"])
            line += (
                f" | {difference.mean():+.4f} +- {error:.4f} to {better}, "
                f"{'above' if beats else 'BELOW'} constant, {'ok' if ok else 'WORSE'}, "
                f"time x{ratios[-1]:.2f}"
            )
        lines.append(line)
    means = results.pivot_table(index="table", columns="system", values="main")
    ranks = means.rank(axis=1, ascending=False).mean().sort_values()
    lines.append("mean rank: " + ", ".join(f"{s} {r:.2f}" for s, r in ranks.items()))
    if ratios:
        lines.append(
            "at least as good as the better of hgb and linear, and above the "
            f"constant: {held} of {len(ratios)}; fit time x{np.median(ratios):.2f} in "
            "the median"
        )
    seconds = results.pivot_table(index="table", columns="system", values="seconds")
    for system in seconds.columns.difference(["windu"]):
        ratio = (seconds[system] / seconds["windu"]).median()
        lines.append(f"{system} takes {ratio:.2f} of windu's fit time in the median")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", default="")
    parser.add_argument("--systems", default="")
    parser.add_argument("--max-rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    installed = [s for s in SYSTEMS if s not in NEEDS or find_spec(NEEDS[s])]
    systems = options.systems.split(",") if options.systems else installed
    names = options.tables.split(",") if options.tables else []
    warnings.simplefilter("ignore")
    rows: list[dict[str, Any]] = []
    for table in read_tables(options.data, names, options.max_rows):
        rows += run_table(table, systems)
        print(
            summary(pd.DataFrame(rows[-3 * len(systems) :])).splitlines()[0], flush=True
        )
        if options.out:
            options.out.write_text(json.dumps(rows))
    print(summary(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
