"""`windu runs`, `windu show` and `windu store`: what a metastore holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windu.cli.exit_codes import STORE

if TYPE_CHECKING:
    from windu.metastore import Metastore
    from windu.persistence.runs import Run

__all__ = [
    "DEFAULT",
    "is_path",
    "load_any",
    "open_any",
    "runs",
    "show",
    "store",
    "store_at",
]

DEFAULT = "./metastore"
store = typer.Typer(help="Look after a metastore.", no_args_is_help=True)
Where = Annotated[
    str | None,
    typer.Option(
        "--metastore", envvar="WINDU_METASTORE", help="Where stored runs are."
    ),
]


def runs(
    name: Annotated[str | None, typer.Argument(help="Only runs of this name.")] = None,
    metastore: Where = None,
    where: Annotated[
        str | None, typer.Option(help="A filter, such as '`metrics.f1` > 0.8'.")
    ] = None,
    sort_by: Annotated[str, typer.Option(help="A column to sort by.")] = "run",
    ascending: Annotated[
        bool, typer.Option("--ascending", help="Lowest first.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """List stored runs, the newest first."""
    table = store_at(metastore).runs(
        name, where=where, sort_by=sort_by, ascending=ascending
    )
    if csv:
        print(table.to_csv(index=False), end="")
    else:
        shown = table.dropna(axis="columns", how="all")
        print(shown.to_string(index=False) if len(table) else "No runs.")


def show(
    run: Annotated[str, typer.Argument(help="A stored run, a file or a folder.")],
    metastore: Where = None,
    card: Annotated[
        bool, typer.Option("--card", help="Print the model card instead.")
    ] = False,
) -> None:
    """Tell what a stored run holds: artifacts, types, columns, metrics."""
    from windu.persistence.card import card_of
    from windu.persistence.inspection import inspect_run

    run_of_name = open_any(run, metastore)
    place = None if is_path(run) else metastore or DEFAULT
    print(
        card_of(run_of_name, run, place).render() if card else inspect_run(run_of_name)
    )


@store.callback()
def _store() -> None:
    """Keep `sync` a word of its own, though it is the only one."""


@store.command()
def sync(
    metastore: Where = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(help="Another target of the same runs; can be given often."),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every byte, not names and sizes alone.")
    ] = False,
) -> None:
    """Copy whole runs to the targets that lack them."""
    from windu.metastore import Metastore

    store_at(metastore)
    targets = Metastore(metastore or DEFAULT, mirror or ())
    table = targets.repair() if deep else targets.sync()
    print(table.to_string(index=False) if len(table) else "All targets are alike.")
    if table["action"].isin(["unreachable", "failed", "lost", "conflict"]).any():
        raise typer.Exit(STORE)


def open_any(run: str, metastore: str | None) -> Run:
    """Return the run of a file, a folder or a metastore."""
    from windu.persistence.runs import open_path
    from windu.persistence.signature import key_of

    if is_path(run):
        return open_path(run, key=key_of(None))
    return store_at(metastore).open(run)


def load_any(run: str, metastore: str | None, trusted: Sequence[str]) -> Any:
    """Return the estimator of a file, a folder or a metastore."""
    from windu.persistence.bundle import load_run

    return load_run(open_any(run, metastore), trusted=trusted)


def is_path(run: str) -> bool:
    """Tell a path from the name of a stored run: it exists, or looks like one."""
    return (
        "/" in run or "\\" in run or Path(run).suffix == ".windu" or Path(run).exists()
    )


def store_at(metastore: str | None) -> Metastore:
    """Return the metastore of a command, which must exist."""
    from windu.exceptions import MetastoreError
    from windu.metastore import Metastore

    place = metastore or DEFAULT
    if "://" not in place and not Path(place).exists():
        raise MetastoreError(
            f"The metastore {place!r} must exist. Got none. Pass --metastore, set "
            "WINDU_METASTORE, or save a run there first."
        )
    return Metastore(place)
