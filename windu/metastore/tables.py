"""Runs as tables: a list of them, two side by side, one and its ancestors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from windu.exceptions import MetastoreError
from windu.metastore.copies import Copies, Problem
from windu.metastore.describing import flatten
from windu.metastore.finding import (
    aliases_of,
    read_aliases,
    read_all,
    read_deleted,
    read_versions,
)
from windu.metastore.saving import StoredRun, lost
from windu.metastore.upkeep import complete_runs
from windu.persistence.artifacts import read_json
from windu.persistence.manifest import Manifest
from windu.persistence.runs import Run

__all__ = ["compare", "lineage", "runs_table", "select"]

_COLUMNS = (
    *("reference", "name", "version", "aliases", "run", "created", "task"),
    *("parent", "bytes"),
)
#: What a schema says of a column, without the statistics of its values.
_STRUCTURE = (
    *("kind", "dtype", "nullable", "levels", "minimum", "maximum", "date_format"),
)


def runs_table(
    copies: Copies, problems: list[Problem], name: str | None = None
) -> pd.DataFrame:
    """Return the runs of a store, one a row.

    Parameters
    ----------
    copies : Copies
        The targets.
    problems : list of Problem
        Gets what was wrong with targets; a damaged run has no row.
    name : str, default=None
        Only the versions of this name.

    Returns
    -------
    DataFrame
        In the order of their ids.
    """
    gone = read_deleted(copies, problems)
    stored = [
        StoredRun(one.run, one.name, one.version, one.manifest)
        for one in read_versions(copies, problems, name)
        if one.run not in gone
    ]
    if name is None:
        known = {one.id for one in stored} | gone
        for run in complete_runs(copies.listing("runs", problems)) - known:
            stored.append(StoredRun(run, None, None, ""))
    aliases = aliases_of(read_aliases(copies, problems, name))
    by_id = {one.id: one for one in stored}

    def read(run: str) -> dict[str, Any]:
        one = by_id[run]
        try:
            opened, _ = copies.open(run, one.digest or None, problems)
        except FileNotFoundError:
            # A run without a version may have been deleted since.
            if one.version is None:
                raise
            raise lost(copies, one) from None
        return _row(one, opened.manifest, aliases)

    rows = read_all(copies, sorted(by_id), read, problems)
    return _frame(rows)


def _row(
    one: StoredRun, manifest: Manifest, aliases: Mapping[tuple[str, int], list[str]]
) -> dict[str, Any]:
    said = manifest.lineage
    row: dict[str, Any] = {
        "reference": one.reference,
        "name": one.name if one.version is not None else said.get("name"),
        "version": one.version,
        "aliases": ", ".join(aliases.get((one.name or "", one.version or 0), [])),
        "run": one.id,
        "created": manifest.created,
        "task": said.get("task"),
        "parent": said.get("parent"),
        "bytes": sum(entry.bytes for entry in manifest.artifacts.values()),
    }
    for group in ("metrics", "tags"):
        values = said.get(group)
        for name, value in (values if isinstance(values, dict) else {}).items():
            row[f"{group}.{name}"] = value
    return row


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    rows = list(rows)
    seen = {column: None for row in rows for column in row}
    more = [column for column in seen if column not in _COLUMNS]
    order = sorted(more, key=lambda column: (column.split(".")[0], column))
    frame = pd.DataFrame(rows, columns=[*_COLUMNS, *order])
    by_run = dict(zip(frame["run"], frame["reference"], strict=True))
    frame["parent"] = [by_run.get(one, one) for one in frame["parent"]]
    frame["version"] = frame["version"].astype("Int64")
    frame["bytes"] = frame["bytes"].astype("int64")
    frame["created"] = pd.to_datetime(frame["created"], utc=True)
    for column in order:
        if column.startswith("metrics."):
            frame[column] = frame[column].astype("float64")
    return frame


def select(
    frame: pd.DataFrame,
    tags: Mapping[str, Any] | None,
    since: Any,
    where: str | None,
    sort_by: str,
    ascending: bool,
) -> pd.DataFrame:
    """Return some rows of the table of runs, sorted.

    Parameters
    ----------
    frame : DataFrame
        As from `runs_table`.
    tags : mapping or None
        Values that tags must have.
    since : str, datetime or None
        The earliest time of creation, in UTC where it says nothing else.
    where : str or None
        A condition in the language of `DataFrame.query`.
    sort_by : str
        A column; equal ones follow their ids.
    ascending : bool
        The order.

    Returns
    -------
    DataFrame
        With a new index.

    Raises
    ------
    MetastoreError
        For a column or a time that there is not.
    """
    for tag, value in (tags or {}).items():
        column = f"tags.{tag}"
        # Runs without the tag, and stores where no run has it, simply do not match.
        held = (
            frame[column] if column in frame else pd.Series(None, frame.index, object)
        )
        frame = frame[[one == value for one in held]]
    if since is not None:
        try:
            start = pd.Timestamp(since)
        except ValueError as error:
            raise MetastoreError(
                f"since must be a time such as '2026-01-31'. Got {since!r}."
            ) from error
        start = start.tz_localize("UTC") if start.tzinfo is None else start
        frame = frame[frame["created"] >= start]
    if where is not None:
        try:
            frame = frame.query(where, engine="python")
        except Exception as error:
            raise MetastoreError(
                "where must be a condition on the columns, such as "
                f"'`metrics.roc_auc` > 0.8'. Got {where!r}: {error}. The columns are "
                f"{list(frame.columns)}."
            ) from error
    if sort_by not in frame:
        raise MetastoreError(
            f"sort_by must be one of the columns {list(frame.columns)}. Got "
            f"{sort_by!r}."
        )
    order = frame.sort_values("run", ascending=ascending)
    if sort_by != "run":
        order = order.sort_values(sort_by, ascending=ascending, kind="stable")
    return order.reset_index(drop=True)


def compare(names: tuple[str, str], runs: tuple[Run, Run]) -> pd.DataFrame:
    """Return two runs side by side.

    Parameters
    ----------
    names : tuple of str
        What the columns are called.
    runs : tuple of Run
        The runs.

    Returns
    -------
    DataFrame
        One row a thing, indexed by what it is about and its name: all metrics, and of
        the rest what differs.
    """
    held = [_comparable(run) for run in runs]
    index, rows = [], []
    for about in held[0]:
        left, right = held[0][about], held[1][about]
        for item in dict.fromkeys([*left, *right]):
            pair = (left.get(item), right.get(item))
            if about == "metrics" or pair[0] != pair[1]:
                index.append((about, item))
                rows.append(pair)
    columns = [list(values) for values in zip(*index, strict=True)] or [[], []]
    return pd.DataFrame(
        [list(pair) for pair in rows],
        index=pd.MultiIndex.from_arrays(columns, names=["about", "item"]),
        columns=list(names),
        dtype=object,
    )


def _comparable(run: Run) -> dict[str, dict[str, Any]]:
    """Return what is compared of a run, by what it is about."""
    manifest, said = run.manifest, run.manifest.lineage
    about: dict[str, dict[str, Any]] = {
        group: flatten(said.get(group) or {}, "") if said.get(group) else {}
        for group in ("metrics", "tags", "parameters", "config")
    }
    about["run"] = {name: said.get(name) for name in ("task", "data")}
    about["versions"] = dict(manifest.versions)
    about["schema"] = _schema(run)
    # The size of fitted parts changes with every fit, and says nothing of it.
    about["bytes"] = {
        name: one.bytes
        for name, one in manifest.artifacts.items()
        if not name.endswith(".skops")
    }
    return about


def _schema(run: Run) -> dict[str, Any]:
    if "schema.json" not in run.manifest.artifacts:
        return {}
    stated = read_json(run, "schema.json")
    return flatten(
        {
            column["name"]: {item: column.get(item) for item in _STRUCTURE}
            for column in stated.get("columns", [])
        }
    )


def lineage(copies: Copies, start: StoredRun, problems: list[Problem]) -> pd.DataFrame:
    """Return a run and those that it came from, the newest first.

    Parameters
    ----------
    copies : Copies
        The targets.
    start : StoredRun
        The run.
    problems : list of Problem
        Gets what was wrong with targets.

    Returns
    -------
    DataFrame
        As from `runs_table`, with what each comes from. A parent that was deleted ends
        it; the last row then still names it.
    """
    table = runs_table(copies, problems).set_index("run", drop=False)
    chain: list[str] = []
    at: str | None = start.id
    while at is not None and at not in chain and at in table.index:
        chain.append(at)
        opened, _ = copies.open(at, None, problems)
        said = opened.manifest.lineage.get("parent")
        at = said if isinstance(said, str) else None
    return table.loc[chain].reset_index(drop=True)
