"""Sections on the rows that were learned from: statistics, alarms, schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windu.reports.html import bar, listed, note, number, pairs, raw, section, table
from windu.schema.columns import ColumnSchema, TableSchema

__all__ = ["alarms", "rows", "schema"]

_N_LEVELS = 5


def alarms(stats: Mapping[str, Any]) -> raw:
    """Return the alarms, or that there are none."""
    if "alarms" not in stats:
        return raw("")
    messages = [alarm["message"] for alarm in stats["alarms"]]
    return section("Alarms", listed(messages, "alarms") if messages else note("None."))


def rows(stats: Mapping[str, Any]) -> raw:
    """Return how many rows there are, which stand twice, and what the target is."""
    if "rows" not in stats:
        return raw("")
    counts = {f"rows of {part}": count for part, count in stats["rows"].items()}
    twice = stats.get("duplicates", {})
    counts |= {
        name: twice[key]
        for key, name in (
            ("rows", "rows that an earlier one equals"),
            ("inputs", "the same without the target"),
            ("contradictions", "rows whose input has another target elsewhere"),
        )
        if key in twice
    }
    return section("Data", pairs(counts), _target(stats.get("target", {})))


def _target(target_stats: Mapping[str, Any]) -> raw:
    if "classes" in target_stats:
        parts = target_stats["classes"]
        names = list(
            dict.fromkeys(
                name for names_of_part in parts.values() for name in names_of_part
            )
        )
        largest = max(
            (
                max(names_of_part.values(), default=0)
                for names_of_part in parts.values()
            ),
            default=0,
        )
        first = next(iter(parts.values()))
        return table(
            ["target", "", *parts],
            [
                [
                    name,
                    bar(first.get(name, 0), largest),
                    *(names_of_part.get(name, 0) for names_of_part in parts.values()),
                ]
                for name in names
            ],
        )
    tables = [
        (f"{output} ({part})", quantiles)
        for part, outputs in target_stats.get("quantiles", {}).items()
        for output, quantiles in outputs.items()
    ]
    if not tables:
        return raw("")
    head = [
        "target",
        *(f"{float(names_of_part):.0%}" for names_of_part in tables[0][1]),
    ]
    return table(head, [[name, *values.values()] for name, values in tables])


def schema(table_schema: TableSchema, stats: Mapping[str, Any]) -> raw:
    """Return the columns that predictions take, and what they held in training."""
    distinct = stats.get("distinct", {})
    return section(
        "Schema",
        note("The columns that it takes, and what they held in training."),
        table(
            ["column", "kind", "dtype", "missing", "distinct", "values"],
            [
                [
                    column.name,
                    column.kind,
                    column.dtype,
                    f"{column.null_share:.1%}",
                    distinct.get(str(column.name)),
                    _values(column),
                ]
                for column in table_schema.columns
            ],
        ),
    )


def _values(column: ColumnSchema) -> str:
    if column.levels is not None:
        shown = [str(level) for level in column.levels[:_N_LEVELS]]
        if column.level_shares:
            shares = column.level_shares
            shown = [
                f"{level_shown} {share:.0%}"
                for level_shown, share in zip(shown, shares, strict=False)
            ]
        return ", ".join(shown) + (", …" if len(column.levels) > _N_LEVELS else "")
    if column.bin_edges and not isinstance(column.minimum, str):
        middle = column.bin_edges[len(column.bin_edges) // 2]
        ends = number(column.minimum), number(middle), number(column.maximum)
        return f"{ends[0]} to {ends[2]}, median {ends[1]}"
    if column.minimum is not None:
        return f"{column.minimum} to {column.maximum}"
    return column.why
