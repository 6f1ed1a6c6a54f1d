"""What does checking a table against its schema cost?

    OMP_NUM_THREADS=1 python benchmarks/schema.py [--repeats 50]

One row with 20 and with 600 columns, and 100,000 rows with 20: windu's check; the same
schema validated by pandera; the schema that pandera infers itself; and mlflow's
enforcement of a signature, where mlflow is installed. Every table is a good one, and
every schema is inferred before, outside the time that is taken. mlflow compares names
and dtypes; windu also looks for infinities, pandera for missing values and ranges.
Then the same with a schema of a user's own, with one built-in check a column: windu's
check with pandera's behind it, against pandera alone.
"""

from __future__ import annotations

import argparse
import platform
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any

import pandas as pd
import pandera.pandas as pa
from bare import make_table

from windu.schema.check import conform
from windu.schema.columns import TableSchema
from windu.schema.inference import infer_table
from windu.schema.pandera_schema import to_pandera
from windu.schema.user.check import UserCheck, user_check

SHAPES = ((1, 20), (1, 600), (100_000, 20))


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """Return the median time of one call; the first is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return median(times[1:])


def checks(X: pd.DataFrame, table: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return what is compared, on one table."""
    schema = infer_table(X)
    by_pandera, own = to_pandera(schema), pa.infer_schema(X)
    found: dict[str, Callable[[], Any]] = {
        "windu": lambda: conform(table, schema),
        "pandera": lambda: by_pandera.validate(table, lazy=True),
        "pandera's own": lambda: own.validate(table, lazy=True),
    }
    if find_spec("mlflow"):
        found["mlflow"] = mlflow_check(X, table)
    return found


def mlflow_check(X: pd.DataFrame, table: pd.DataFrame) -> Callable[[], Any]:
    """Return what mlflow does to the input of a pyfunc model with a signature."""
    from mlflow.models import infer_signature, validate_schema

    with warnings.catch_warnings():
        # mlflow warns that integers cannot hold missing values.
        warnings.simplefilter("ignore", UserWarning)
        inputs = infer_signature(X).inputs
    return lambda: validate_schema(table, inputs)


def own_checks(X: pd.DataFrame, table: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return what is compared for a schema of a user's own: a check a column."""
    levels = pa.Check.isin(["red", "green", "blue", "grey"])
    given = pa.DataFrameSchema(
        {
            name: pa.Column(float, pa.Check.in_range(-99, 99), nullable=True)
            if name.startswith("number")
            else pa.Column(str, levels, nullable=True)
            for name in X
        }
    )
    schema = infer_table(X)
    return {
        "windu": lambda: asked(given, schema).compare(table, everything=False),
        "pandera alone": lambda: given.validate(table, lazy=True),
    }


def asked(given: pa.DataFrameSchema, schema: TableSchema) -> UserCheck:
    """Return what a schema asks for; it always asks for something here."""
    check = user_check(given, schema)
    if check is None:
        raise RuntimeError("The schema must have checks of its own. Got none.")
    return check


def versions() -> str:
    """Return the versions of what is compared, and whether mlflow is missing."""
    names = ["pandas", "pandera"] + ["mlflow"] * bool(find_spec("mlflow"))
    found = [f"Python {platform.python_version()}"]
    found += [f"{name} {version(name)}" for name in names]
    missing = "" if find_spec("mlflow") else "; mlflow is not installed"
    return ", ".join(found) + missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    print(versions())
    cases = [(make, shape) for make in (checks, own_checks) for shape in SHAPES]
    for make, (n_rows, n_columns) in cases:
        X, _ = make_table(max(1000, n_rows), n_columns - 6, 6)
        works = make(X, X.head(n_rows))
        repeats = options.repeats if n_rows == 1 else max(3, options.repeats // 10)
        times = {name: milliseconds(work, repeats) for name, work in works.items()}
        figures = ", ".join(
            f"{name} {time:.3f} ms (x{time / times['windu']:.1f})"
            for name, time in times.items()
        )
        own = ", a check of a user's own each" if make is own_checks else ""
        print(f"{n_rows} rows, {n_columns} columns{own}: {figures}", flush=True)


if __name__ == "__main__":
    main()
