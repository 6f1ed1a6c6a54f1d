"""`windu cache`: what the steps of pipelines have left in a metastore."""

from __future__ import annotations

from typing import Annotated

import typer

from windu.cli.runs import Where, store_at

__all__ = ["cache"]


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
