"""How good is a search of a minute? windu's against defaults, peers and FLAML.

    python benchmarks/quality.py [--data FOLDER] [--budget 60] [--systems a,b]
                                 [--out results.json] [--report results.json]

Fold 0 of 3, at most 20,000 rows a table, the raw columns for everybody, both cores.
``search`` is ``OptunaSearchCV(WinduEstimator(), timeout=budget, ensemble=True)``;
``flaml`` and ``autogluon`` (``medium_quality``) have the same budget; the others are
defaults, as in defaults.py. Systems that do not go into one environment run one after
another with the same ``--out``, which keeps what is there; ``--report`` prints the
table of mean ranks. No part of any test.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from defaults import SYSTEMS, constant, probabilities, scores
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import LabelEncoder
from tables import Table, read_tables

SCORERS = {
    "roc_auc": "roc_auc",
    "log_loss": "neg_log_loss",
    "macro_f1": "neg_log_loss",
    "r2": "r2",
}


def folds(table: Table) -> Any:
    """Return folds of shuffled rows, as those that are tested on are shuffled."""
    discrete = table.task in ("binary", "multiclass")
    return (StratifiedKFold if discrete else KFold)(3, shuffle=True, random_state=0)


def search(table: Table, budget: float) -> Any:
    from windu import OptunaSearchCV, WinduEstimator

    several = table.task == "multilabel"
    return OptunaSearchCV(
        WinduEstimator(random_state=0, task=table.task),
        scoring="roc_auc" if several else SCORERS[table.metric],
        cv=folds(table),
        timeout=budget,
        n_jobs=2,
        ensemble=True,
        random_state=0,
    )


class Flaml:
    """FLAML's AutoML with a budget of seconds."""

    def __init__(self, table: Table, budget: float):
        self.table, self.budget = table, budget

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Any:
        from flaml import AutoML

        metric = {"r2": "r2", "roc_auc": "roc_auc"}.get(self.table.metric, "log_loss")
        task = "regression" if self.table.task == "regression" else "classification"
        options: dict[str, Any] = {
            "task": task,
            "metric": metric,
            "time_budget": self.budget,
            "n_jobs": 2,
            "verbose": 0,
            "seed": 0,
        }
        self.models_ = []
        for column in np.atleast_2d(y.T):
            model = AutoML()
            share = self.budget / len(np.atleast_2d(y.T))
            model.fit(X_train=X, y_train=column, **options | {"time_budget": share})
            self.models_.append(model)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.models_[0].predict(X)

    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = [model.predict_proba(X) for model in self.models_]
        return found if len(found) > 1 else found[0]


class AutoGluon:
    """AutoGluon's medium_quality with a budget of seconds."""

    def __init__(self, table: Table, budget: float):
        self.table, self.budget = table, budget

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Any:
        from autogluon.tabular import TabularPredictor

        kinds = {"regression": "regression", "multiclass": "multiclass"}
        metric = {"r2": "r2", "roc_auc": "roc_auc"}.get(self.table.metric, "log_loss")
        # Models lie there until all is predicted.
        self.folders_ = []
        self.models_ = []
        columns = np.atleast_2d(y.T)
        for column in columns:
            self.folders_.append(TemporaryDirectory())
            model = TabularPredictor(
                label="the target",
                problem_type=kinds.get(self.table.task, "binary"),
                eval_metric=metric,
                path=self.folders_[-1].name,
                verbosity=0,
            )
            model.fit(
                X.assign(**{"the target": column}),
                presets="medium_quality",
                time_limit=self.budget / len(columns),
                num_cpus=2,
            )
            self.models_.append(model)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.models_[0].predict(X).to_numpy()

    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = [model.predict_proba(X).to_numpy() for model in self.models_]
        return found if len(found) > 1 else found[0]


def made(system: str, table: Table, budget: float) -> Any:
    """Return an unfitted system."""
    if system == "search":
        return search(table, budget)
    if system in ("flaml", "autogluon"):
        return {"flaml": Flaml, "autogluon": AutoGluon}[system](table, budget)
    est = clone(SYSTEMS[system](table))
    if system == "windu":
        # Classes come as whole numbers here; many of these are amounts to windu.
        est.set_params(task=table.task)
    if system in ("lightgbm", "catboost"):
        name = "n_jobs" if system == "lightgbm" else "thread_count"
        keys = [key for key in est.get_params() if key.rpartition("__")[2] == name]
        est.set_params(**dict.fromkeys(keys, 2))
    return est


def run(table: Table, system: str, budget: float) -> dict[str, Any]:
    """Return the scores of a system on fold 0."""
    X, given = table.X, np.asarray(table.y)
    y = given
    if table.task in ("binary", "multiclass"):
        y = LabelEncoder().fit_transform(y)
    discrete = y.ndim == 1 and table.task != "regression"
    train, test = next(folds(table).split(X, y if discrete else None))
    labels = np.unique(y) if discrete else None
    start = time.perf_counter()
    est = made(system, table, budget)
    est.fit(X.iloc[train], y[train])
    seconds = time.perf_counter() - start
    output = probabilities(est, table, X.iloc[test])
    base = scores(table, constant(table, y[train], len(test)), y[test], labels)
    found = scores(table, output, y[test], labels)
    return {
        **{"table": table.name, "system": system, "budget": budget},
        **found,
        **{"constant": base["main"], "seconds": seconds},
    }


def report(rows: list[dict[str, Any]]) -> str:
    """Return the scores by table and system, and the mean ranks."""
    results = pd.DataFrame(rows)
    table = results.pivot_table(index="table", columns="system", values="main")
    whole = table.dropna()
    ranks = whole.rank(axis=1, ascending=False).mean().sort_values()
    seconds = results.groupby("system")["seconds"].median()
    said = ", ".join(f"{name} {rank:.2f}" for name, rank in ranks.items())
    times = ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())
    return (
        f"{table.round(4).to_string()}\n\nmean rank on {len(whole)} tables: {said}\n"
        f"seconds to fit, in the median: {times}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", default="")
    parser.add_argument("--systems", default="search,windu,hgb")
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--max-rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.report:
        print(report(json.loads(options.report.read_text())))
        return
    out = options.out
    rows = json.loads(out.read_text()) if out and out.exists() else []
    names = options.tables.split(",") if options.tables else []
    for table in read_tables(options.data, names, options.max_rows):
        for system in options.systems.split(","):
            rows.append(run(table, system, options.budget))
            print(json.dumps(rows[-1]), flush=True)
            if out:
                out.write_text(json.dumps(rows))
    print(report(rows))


if __name__ == "__main__":
    main()
