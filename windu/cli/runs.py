"""Commands on stored runs: list, show, inspect, report, export, cache and targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windu.cli.exit_codes import STORE

if TYPE_CHECKING:
    from windu.metastore import Metastore
    from windu.persistence.format.runs import Run
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windu.persistence.format.runs import Run

__all__ = [
    "DEFAULT",
    "cache",
    "export",
    "inspect",
    "is_path",
    "load_any",
    "open_any",
    "report",
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
    from windu.persistence.trust.inspection import inspect_run

    run_of_name = open_any(run, metastore)
    place = None if is_path(run) else metastore or DEFAULT
    print(
        card_of(run_of_name, run, place).render() if card else inspect_run(run_of_name)
    )


@store.callback()
def _store() -> None:
    """Keep `sync` a subcommand, though it is the only one."""


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
    from windu.persistence.format.runs import open_path
    from windu.persistence.format.signature import key_of

    if is_path(run):
        return open_path(run, key=key_of(None))
    return store_at(metastore).open(run)


def load_any(run: str, metastore: str | None, trusted: Sequence[str]) -> Any:
    """Return the estimator of a file, a folder or a metastore."""
    from windu.persistence.bundle import load_run

    return load_run(open_any(run, metastore), trusted=trusted)


def is_path(run: str) -> bool:
    """Tell whether a text is a path: it exists, or looks like one."""
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


def cache(
    metastore: Where = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove all entries; they are made again.")
    ] = False,
) -> None:
    """Show the sizes of the cached steps, or remove them."""
    from windu.metastore.cache import cache_of

    step_cache = cache_of(store_at(metastore))
    table = step_cache.entries()
    if clear:
        print(f"Removed {step_cache.clear()} entries, {table['bytes'].sum():,} bytes.")
        return
    sums = table.groupby("step")["bytes"].agg(["count", "sum"])
    sums.columns = ["entries", "bytes"]
    print(sums.to_string() if len(table) else "No entries.")
    print(f"{len(table)} entries, {table['bytes'].sum():,} bytes.")


def inspect(
    file: Annotated[Path, typer.Argument(help="What windu.save wrote.")],
    key_file: Annotated[
        Path | None, typer.Option(help="The key that must have signed it.")
    ] = None,
) -> None:
    """Tell what a file or folder holds: artifacts, types, columns. Builds nothing."""
    from windu.persistence import inspect as look_into

    print(look_into(file, key=key_file))


def export(
    run: Annotated[str, typer.Argument(help="A stored run, a file or a folder.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write.")
    ] = None,
    metastore: Where = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to write as well; repeat it.")
    ] = None,
) -> None:
    """Write the YAML with which `windu predict` uses a run; print it without -o."""
    from windu.pipeline import PredictionPipeline

    read = _how_read(open_any(run, metastore))
    place = None if Path(run).exists() else metastore or DEFAULT
    pipe = PredictionPipeline(run, metastore=place, keep=keep or [], **read)
    text = pipe.to_yaml()
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")


def _how_read(run: Run) -> dict[str, Any]:
    """Return the format of the training files, if a pipeline read them."""
    from windu.config.yaml_text import read_yaml

    if "config.yaml" not in run.manifest.artifacts:
        return {}
    config = read_yaml(run.read("config.yaml").decode()).data
    data = config.get("data") if isinstance(config, dict) else None
    if not isinstance(data, dict):
        return {}
    options = {
        name: value
        for name, value in (data.get("options") or {}).items()
        # New tables may lack the target, and have other columns.
        if name not in ("usecols", "columns")
    }
    reading = {"format": data.get("format"), "options": options}
    return {name: value for name, value in reading.items() if value}


def report(
    run: Annotated[str, typer.Argument(help="A stored run, a file or a folder.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the page goes.")
    ] = Path("report.html"),
    metastore: Where = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Write a page about a run: scores, data, classes, calibration, importance."""
    from windu.reports import report_of

    place = None if is_path(run) else metastore or DEFAULT
    path = report_of(open_any(run, metastore), run, place).save(output)
    if not quiet:
        print(f"Wrote {path}.")
