"""Inspection of a run without building it, and loading of single parts."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import clone

from windu.exceptions import (
    PersistenceError,
    UntrustedTypesError,
    WinduError,
    did_you_mean,
)
from windu.persistence.flavors import opaque_in
from windu.persistence.format.artifacts import (
    built,
    from_parquet,
    read_json,
    read_schema,
)
from windu.persistence.format.container import tree_of
from windu.persistence.format.runs import Run, open_path
from windu.persistence.format.signature import key_of
from windu.persistence.functions import bind
from windu.persistence.objects import types_in
from windu.persistence.trust import TRUSTED
from windu.schema.inference import unpack_frame
from windu.schema.pandera_schema import to_pandera
from windu.steps import PARTS

__all__ = [
    "Inspection",
    "check_trusted_names",
    "inspect",
    "inspect_run",
    "load_part_of",
    "names_of",
    "short_metrics",
    "with_all_untrusted",
]


@dataclass(frozen=True)
class Inspection:
    """The description of a run.

    Parameters
    ----------
    where : str
        The file, folder or run.
    manifest : dict
        Format, id, versions, lineage, digests.
    artifacts : pandas.DataFrame
        One row an artifact: its bytes, and the types that it would build.
    untrusted : list of str
        Types that `windu.load` would ask about.
    functions : list of str
        Functions that it refers to, which `windu.load` would ask about.
    columns : pandas.DataFrame
        One row a column of the input table: kind, dtype, nullable, why.
    metrics : dict
        As given at save.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> path = windu.save(est, pathlib.Path(tempfile.mkdtemp()) / "steps.windu")
    >>> windu.inspect(path).untrusted
    []
    """

    where: str
    manifest: dict[str, Any]
    artifacts: pd.DataFrame
    untrusted: list[str]
    functions: list[str]
    columns: pd.DataFrame
    metrics: dict[str, Any]

    def __str__(self) -> str:
        manifest = self.manifest
        versions = ", ".join(f"{p} {v}" for p, v in manifest["versions"].items())
        lines = [
            f"{self.where}: run {manifest['id']}, format {manifest['format']}, "
            f"{'signed' if manifest['signature'] else 'not signed'}",
            f"Saved {manifest['created']} with {versions}.",
            *(f"{name}: {value}" for name, value in manifest["lineage"].items()),
            "",
            self.artifacts[["artifact", "bytes"]].to_string(index=False),
            "",
            f"Functions to trust or give: {', '.join(self.functions) or 'none'}.",
            f"Types to trust: {', '.join(self.untrusted) or 'none'}.",
        ]
        if len(self.columns):
            lines += ["", self.columns.to_string(index=False)]
        if self.metrics:
            lines += ["", "Metrics:", json.dumps(short_metrics(self), indent=1)]
        return "\n".join(lines)


def inspect(path: str | Path, *, key: bytes | str | Path | None = None) -> Inspection:
    """Describe a saved file or folder without building any object.

    Parameters
    ----------
    path : str or pathlib.Path
        The file or folder.
    key : bytes, str or pathlib.Path, default=None
        The manifest must be signed with it; as in `save`.

    Returns
    -------
    Inspection
        Prints as a text.

    Raises
    ------
    PersistenceError
        If it is missing, damaged, or none of windu's.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> path = windu.save(est, pathlib.Path(tempfile.mkdtemp()) / "steps.windu")
    >>> windu.inspect(path).columns["kind"].tolist()
    ['numeric']
    """
    return inspect_run(open_path(path, key=key_of(key)))


def inspect_run(run: Run) -> Inspection:
    """Describe a run; every artifact is checked against the manifest.

    Parameters
    ----------
    run : Run
        As opened.

    Returns
    -------
    Inspection
        As from `inspect`.
    """
    rows = []
    untrusted: set[str] = set()
    functions: set[str] = set()
    for name in run.manifest.artifacts:
        data = run.read(name)
        types: set[str] = set()
        if name.endswith(".skops"):
            untrusted |= set(types_in(data, run.called(name))) - TRUSTED
            types, referred = _contents(data)
            functions |= referred
        untrusted |= opaque_in({name: data})
        rows.append({"artifact": name, "bytes": len(data), "types": sorted(types)})
    has_schema = "schema.json" in run.manifest.artifacts
    return Inspection(
        run.where,
        run.manifest.model_dump(),
        pd.DataFrame(rows),
        sorted(untrusted),
        sorted(functions),
        read_schema(run, "schema.json").describe() if has_schema else pd.DataFrame(),
        read_json(run, "metrics.json"),
    )


def short_metrics(seen: Inspection) -> dict[str, Any]:
    """Return the metrics that are not tables."""
    return {
        name: value
        for name, value in seen.metrics.items()
        if not isinstance(value, (dict, list))
    }


def _contents(archive: bytes) -> tuple[set[str], set[str]]:
    """Return the types that a skops file names, and the functions it refers to."""
    stack: list[Any] = [tree_of(archive)]
    types, functions = set(), set()
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict):
            stack += node.values()
            if "__class__" in node and "__module__" in node:
                types.add(f"{node['__module__']}.{node['__class__']}")
            if node.get("__class__") == "FunctionReference":
                functions.add(_name_in(node))
    return {
        type_name for type_name in types if not type_name.startswith("builtins.")
    }, functions


def _name_in(node: dict[str, Any]) -> str:
    try:
        return str(json.loads(node["content"]["content"]["name"]["content"]))
    except (KeyError, TypeError, ValueError):
        return "a function without a name"


def check_trusted_names(trusted: Any) -> None:
    """Raise unless `trusted` is a collection of names.

    Parameters
    ----------
    trusted : object
        What was passed.

    Raises
    ------
    PersistenceError
        For True, which would trust whatever a file holds, and for one text.
    """
    todo = "Pass the names that windu.inspect(path) lists, once you have reviewed them"
    if isinstance(trusted, str):
        todo = f"Pass [{trusted!r}]"
    elif isinstance(trusted, Collection):
        if all(isinstance(name, str) for name in trusted):
            return
        todo = "Pass full names, such as 'package.module.Class'"
    elif trusted is True:
        todo = f"True would trust whatever the file holds. {todo}"
    raise PersistenceError(
        "trusted must be a list of names of types and functions. Got "
        f"{trusted!r}. {todo}."
    )


def with_all_untrusted(
    error: UntrustedTypesError, run: Run, trusted: Collection[str]
) -> UntrustedTypesError:
    """Return an error that lists all untrusted types of a run.

    Parameters
    ----------
    error : UntrustedTypesError
        Of the first types or function that is not trusted.
    run : Run
        As opened.
    trusted : collection of str
        What the caller trusts already.
    """
    try:
        seen = inspect_run(run)
    except WinduError:
        return error
    names = {*error.types, *seen.untrusted, *seen.functions} - {*trusted}
    if names == {*error.types}:
        return error
    return UntrustedTypesError(
        f"{error} All that is not trusted: trusted={sorted(names)}.", sorted(names)
    )


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
    """Load one part of a run; nothing else is read.

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
