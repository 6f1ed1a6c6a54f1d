"""What does choosing thresholds bring, on rows that nothing was fitted on?

    python benchmarks/thresholds.py [--data FOLDER] [--tables a,b] [--model linear]

For each classification table and several splits, 30 % of the rows are held back. The
gain is the score of `WinduEstimator(model, threshold=...)` less that of the same model
with the plain decision, for macro-F1 and balanced accuracy. Selection costs five more
fits; on tables with two classes both score and time stand beside scikit-learn's
`TunedThresholdClassifierCV` around the same estimator, with the same five folds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import (
    ShuffleSplit,
    StratifiedShuffleSplit,
    TunedThresholdClassifierCV,
)
from tables import Table, read_tables

from windu import ThresholdSelector, WinduEstimator

SCORES = {"f1_macro": "macro-F1", "balanced_accuracy": "balanced accuracy"}


def score(name: str, true: Any, decided: Any, encoder: Any) -> float:
    """Return a score of decisions; for labels the mean over them."""
    if np.ndim(true) == 2:
        true, decided = encoder.transform(true), encoder.transform(decided)
        if name == "f1_macro":
            return f1_score(true, decided, average="macro", zero_division=0)
        labels = zip(true.T, decided.T, strict=True)
        return float(np.mean([balanced_accuracy_score(t, d) for t, d in labels]))
    if name == "f1_macro":
        return f1_score(true, decided, average="macro", zero_division=0)
    return balanced_accuracy_score(true, decided)


def timed(estimator: Any, X: pd.DataFrame, y: Any) -> float:
    """Fit and return the seconds."""
    start = time.perf_counter()
    estimator.fit(X, y)
    return time.perf_counter() - start


def one_split(
    table: Table, model: str, fit: np.ndarray, test: np.ndarray
) -> list[dict[str, Any]]:
    """Return a row a score: plain, chosen, and scikit-learn's where it can."""
    X, y = table.X, table.y
    base = {"model": model, "task": table.task, "random_state": 0}
    plain = WinduEstimator(**base)
    seconds = timed(plain, X.iloc[fit], y.iloc[fit])
    rows = []
    for name in SCORES:
        chosen = WinduEstimator(**base, threshold=name)
        row: dict[str, Any] = {"table": table.name, "score": name}
        row["fit_ratio"] = timed(chosen, X.iloc[fit], y.iloc[fit]) / seconds
        results = {"plain": plain, "windu": chosen}
        if table.task == "binary":
            tuned = TunedThresholdClassifierCV(WinduEstimator(**base), scoring=name)
            row["time_to_sklearn"] = row["fit_ratio"] * (
                seconds / timed(tuned, X.iloc[fit], y.iloc[fit])
            )
            results["sklearn"] = tuned
        for system, estimator in results.items():
            decided = estimator.predict(X.iloc[test])
            row[system] = score(name, y.iloc[test], decided, plain.label_encoder_)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--tables", default="")
    parser.add_argument("--model", default="linear")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--max-rows", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    names = [name for name in options.tables.split(",") if name]
    rows: list[dict[str, Any]] = []
    for table in read_tables(options.data, names, options.max_rows):
        if table.task == "regression":
            continue
        several = table.task == "multilabel" or table.y.value_counts().min() < 2
        kind = ShuffleSplit if several else StratifiedShuffleSplit
        splitter = kind(options.splits, test_size=0.3, random_state=0)
        for fit, test in splitter.split(table.X, None if several else table.y):
            rows += one_split(table, options.model, fit, test)
        print(summary(rows).xs(table.name, level="table").round(4).to_string())
    result = summary(rows)
    print(result.round(4).to_string())
    print(result.groupby("score")["gain"].agg(["mean", "median"]).round(4))
    two = result[result["sklearn"].notna()].groupby("score")
    print("two classes:", two[["gain", "gain_sklearn"]].mean().round(4).to_dict())
    print("tables that lose:", (result.gain < 0).groupby("score").sum().to_dict())
    print(result.groupby("score")[["fit_ratio", "time_to_sklearn"]].median().round(2))
    rng = np.random.default_rng(0)
    true = (rng.random(1_000_000) < 0.05).astype(int)
    scores = rng.normal(0.3 + 0.2 * true, 0.15)
    seconds = timed(ThresholdSelector("f1"), scores, true)
    print(f"a million scores: {seconds:.2f} s")
    if options.out:
        result.reset_index().round(4).to_csv(options.out, index=False)


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return means over the splits, and the gains with their standard errors."""
    frame = pd.DataFrame(rows)
    if "sklearn" not in frame:
        frame = frame.assign(sklearn=np.nan, time_to_sklearn=np.nan)
    frame["gain"] = frame["windu"] - frame["plain"]
    frame["gain_sklearn"] = frame["sklearn"] - frame["plain"]
    groups = frame.groupby(["table", "score"])
    means = groups.mean()
    means["gain_se"] = groups["gain"].sem()
    return means


if __name__ == "__main__":
    main()
