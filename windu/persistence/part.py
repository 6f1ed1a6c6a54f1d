"""One artifact of a run alone, in the form that its users want."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sklearn.base import clone

from windu.exceptions import PersistenceError, did_you_mean
from windu.persistence.artifacts import built, read_json, read_schema
from windu.persistence.functions import bind
from windu.persistence.inspection import check_trusted_names
from windu.persistence.runs import PARTS, Run
from windu.persistence.tables import from_parquet
from windu.schema.example import unpack_frame
from windu.schema.pandera_schema import to_pandera

__all__ = ["load_part_of", "names_of"]

_FILES = {
    **{part: f"{part}.skops" for part in (*PARTS, "estimator", "object")},
    "schema": "schema.json",
    "feature_schema": "feature_schema.json",
    "columns": "columns.json",
    "example": "example.parquet",
    "expected": "expected.json",
    "metrics": "metrics.json",
    "stats": "stats.json",
    "config": "config.yaml",
    "card": "README.md",
    "environment": "environment.json",
}


def names_of(run: Run) -> list[str]:
    """Return the names of the parts that a run has."""
    parts = [part for part, file in _FILES.items() if file in run.manifest.artifacts]
    return [*parts, "manifest"]


def load_part_of(run: Run, part: str, *, trusted: Collection[str] = ()) -> Any:
    """Return one part of a run; nothing else of it is read.

    Parameters
    ----------
    run : Run
        As opened.
    part : str
        Its name, as in `windu.load_part`.
    trusted : collection of str, default=()
        Full names of more types and functions that the caller has reviewed.

    Returns
    -------
    object
        An estimator, a pandera schema, a list of names, a frame, or plain data.

    Raises
    ------
    PersistenceError
        If the run has no such part.
    """
    check_trusted_names(trusted)
    if part not in names_of(run):
        raise PersistenceError(
            f"{run.where} must have the part that is asked for, one of "
            f"{names_of(run)}. Got {part!r}." + did_you_mean(part, names_of(run))
        )
    if part == "manifest":
        return run.manifest.model_dump()
    file = _FILES[part]
    if file.endswith(".skops"):
        part_value = bind(built(run, [part], trusted)[part], trusted, {})
        return clone(part_value) if part == "estimator" else part_value
    if file.endswith("schema.json"):
        return to_pandera(read_schema(run, file))
    if file.endswith(".parquet"):
        return unpack_frame(from_parquet(run.read(file), run.called(file)))
    if file.endswith((".yaml", ".md")):
        return run.read(file).decode()
    part_value = read_json(run, file)
    return part_value["names"] if part == "columns" else part_value
