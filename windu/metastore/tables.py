"""Tables of runs: lists, comparisons and lineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from windu.persistence.format.artifacts import read_json
from windu.persistence.format.manifest import Manifest
from windu.persistence.format.runs import Run

__all__ = ["compare", "describe_run", "lineage", "runs_table", "select"]

Described = dict[str, dict[str, Any]]

_COLUMNS = (
    *("reference", "name", "version", "aliases", "run", "created", "task"),
    *("parent", "bytes"),
)
#: Fields of a column that are compared, without statistics of its values.
_STRUCTURE = (
    *("kind", "dtype", "nullable", "levels", "minimum", "maximum", "date_format"),
)


def runs_table(
    copies: Copies, problems: list[Problem], name: str | None = None
) -> pd.DataFrame:
    """Return the runs of a store, one per row.

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
        StoredRun(
            stored_run.run, stored_run.name, stored_run.version, stored_run.manifest
        )
        for stored_run in read_versions(copies, problems, name)
        if stored_run.run not in gone
    ]
    if name is None:
        ids = {stored_run.id for stored_run in stored} | gone
        for run in complete_runs(copies.listing("runs", problems)) - ids:
            stored.append(StoredRun(run, None, None, ""))
    aliases = aliases_of(read_aliases(copies, problems, name))
    by_id = {stored_run.id: stored_run for stored_run in stored}

    def read(run: str) -> dict[str, Any]:
        stored = by_id[run]
        try:
            manifest = copies.use(run, stored.digest or None, _manifest_of, problems)
        except FileNotFoundError:
            # A run without a version may have been deleted meanwhile.
            if stored.version is None:
                raise
            raise lost(copies, stored) from None
        return _row(stored, manifest, aliases)

    rows = read_all(copies, sorted(by_id), read, problems)
    return _frame(rows)


def _row(
    stored: StoredRun, manifest: Manifest, aliases: Mapping[tuple[str, int], list[str]]
) -> dict[str, Any]:
    lineage = manifest.lineage
    row: dict[str, Any] = {
        "reference": stored.reference,
        "name": stored.name if stored.version is not None else lineage.get("name"),
        "version": stored.version,
        "aliases": ", ".join(aliases.get((stored.name or "", stored.version or 0), [])),
        "run": stored.id,
        "created": manifest.created,
        "task": lineage.get("task"),
        "parent": lineage.get("parent"),
        "bytes": sum(entry.bytes for entry in manifest.artifacts.values()),
    }
    for group in ("metrics", "tags"):
        values = lineage.get(group)
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
    frame["parent"] = [by_run.get(run_id, run_id) for run_id in frame["parent"]]
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
        values = (
            frame[column] if column in frame else pd.Series(None, frame.index, object)
        )
        frame = frame[[value_of_row == value for value_of_row in values]]
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


def _manifest_of(run: Run) -> Manifest:
    return run.manifest


def compare(names: tuple[str, str], described: Sequence[Described]) -> pd.DataFrame:
    """Return two runs side by side.

    Parameters
    ----------
    names : tuple of str
        What the columns are called.
    described : sequence of dict
        The runs, as from `describe_run`.

    Returns
    -------
    DataFrame
        One row a thing, indexed by what it is about and its name: all metrics, and of
        the rest what differs.
    """
    index, rows = [], []
    for about in described[0]:
        first_items, right = described[0][about], described[1][about]
        for item in dict.fromkeys([*first_items, *right]):
            pair = (first_items.get(item), right.get(item))
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


def describe_run(run: Run) -> Described:
    """Return the values of a run to compare, by topic.

    Parameters
    ----------
    run : Run
        Its schema is read.

    Returns
    -------
    dict of str to dict
        Plain values by their names.
    """
    manifest, lineage = run.manifest, run.manifest.lineage
    about: dict[str, dict[str, Any]] = {
        group: flatten(lineage.get(group) or {}, "") if lineage.get(group) else {}
        for group in ("metrics", "tags", "parameters", "config")
    }
    about["run"] = {name: lineage.get(name) for name in ("task", "data")}
    about["versions"] = dict(manifest.versions)
    about["schema"] = _schema(run)
    # The sizes of fitted parts differ in every fit.
    about["bytes"] = {
        name: entry.bytes
        for name, entry in manifest.artifacts.items()
        if not name.endswith(".skops")
    }
    return about


def _schema(run: Run) -> dict[str, Any]:
    if "schema.json" not in run.manifest.artifacts:
        return {}
    schema_json = read_json(run, "schema.json")
    return flatten(
        {
            column["name"]: {item: column.get(item) for item in _STRUCTURE}
            for column in schema_json.get("columns", [])
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
        manifest = copies.use(at, None, _manifest_of, problems)
        parent_of = manifest.lineage.get("parent")
        at = parent_of if isinstance(parent_of, str) else None
    return table.loc[chain].reset_index(drop=True)
