"""What a run is in a few lines, its scores, and how it is used."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from windu.persistence.audit import tree_of
from windu.persistence.card import loading_lines
from windu.persistence.runs import Run
from windu.reports.html import note, pairs, raw, section, table

__all__ = ["how_to_load", "scores", "summary"]


def summary(run: Run, stats: Mapping[str, Any]) -> raw:
    """Return what a run is."""
    lineage = run.manifest.lineage
    items = {
        "task": stats.get("task") or lineage.get("task"),
        "model": _type_in(run, "model"),
        "transformer": _type_in(run, "transformer"),
        "featurizer": _type_in(run, "featurizer"),
        "columns": stats.get("n_columns"),
        "rows learned from": stats.get("rows", {}).get("train"),
        "run": run.manifest.id,
        "saved": run.manifest.created,
        "made from": lineage.get("parent"),
        "size": f"{sum(e.bytes for e in run.manifest.artifacts.values()):,} bytes",
        "versions": ", ".join(f"{n} {v}" for n, v in run.manifest.versions.items()),
    }
    return section("Summary", pairs({k: v for k, v in items.items() if v is not None}))


def _type_in(run: Run, part: str) -> str | None:
    """Return the name of the class of a part, which is not built."""
    for name in (part, "object") if part == "model" else (part,):
        if f"{name}.skops" in run.manifest.artifacts:
            tree = tree_of(run.read(f"{name}.skops"))
            return f"{tree.get('__class__')}"
    return None


def scores(metrics: Mapping[str, Any]) -> raw:
    """Return the scores of each part side by side, and other numbers."""
    parts: dict[str, dict[str, Any]] = {}
    rest = {}
    for name, value in metrics.items():
        part, dot, score = name.partition(".")
        if isinstance(value, (dict, list)):
            continue
        if dot:
            parts.setdefault(part, {})[score] = value
        else:
            rest[name.replace("_", " ")] = value
    names = list(
        dict.fromkeys(
            name for names_of_part in parts.values() for name in names_of_part
        )
    )
    rows = [
        [name, *(names_of_part.get(name) for names_of_part in parts.values())]
        for name in names
    ]
    if not rows and not rest:
        return section("Scores", note("None were stored."))
    return section("Scores", table(["score", *parts], rows), pairs(rest))


def how_to_load(run: Run, name: str, place: str | None) -> raw:
    """Return what to type to use a run."""
    lines = loading_lines(run, name, place)
    code = raw(f"<pre>{_escaped(lines)}</pre>")
    config = ""
    if "config.yaml" in run.manifest.artifacts:
        config_text = run.read("config.yaml").decode(errors="replace")
        config = f"<h3>Configuration</h3><pre>{_escaped([config_text])}</pre>"
    return section("How to load", code, config)


def _escaped(lines: list[str]) -> str:
    return escape("\n".join(lines))
