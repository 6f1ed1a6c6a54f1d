"""What does checking a table against its schema cost?

    python benchmarks/schema.py [--repeats 50]

One row with 20 and with 600 columns, and 100,000 rows with 20: windu's check, the same
schema validated by pandera, and mlflow's enforcement of a signature where installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any

import pandas as pd
from bare import make_table

from windu.schema.check import conform
from windu.schema.inference import infer_table
from windu.schema.pandera_schema import to_pandera


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """Return the median time of one call."""
    times = []
    for _ in range(repeats + 1):
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return median(times[1:])


def checks(X: pd.DataFrame, table: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return what is compared, on one table."""
    schema = infer_table(X)
    by_pandera = to_pandera(schema)
    found: dict[str, Callable[[], Any]] = {
        "windu": lambda: conform(table, schema),
        "pandera": lambda: by_pandera.validate(table, lazy=True),
    }
    if find_spec("mlflow"):
        from mlflow.models import infer_signature
        from mlflow.models.utils import _enforce_schema

        inputs = infer_signature(X).inputs
        found["mlflow"] = lambda: _enforce_schema(table, inputs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    for n_rows, n_columns in ((1, 20), (1, 600), (100_000, 20)):
        X, _ = make_table(max(1000, n_rows), n_columns - 6, 6)
        works = checks(X, X.head(n_rows))
        repeats = options.repeats if n_rows == 1 else max(3, options.repeats // 10)
        times = {name: milliseconds(work, repeats) for name, work in works.items()}
        figures = ", ".join(
            f"{name} {time:.3f} ms (x{time / times['windu']:.0f})"
            for name, time in times.items()
        )
        print(f"{n_rows} rows, {n_columns} columns: {figures}")


if __name__ == "__main__":
    main()
