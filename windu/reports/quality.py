"""Sections of a report: the data, held-back rows, thresholds, how to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from windu.persistence.card import loading_lines
from windu.persistence.format.container import tree_of
from windu.persistence.format.runs import Run
from windu.reports.figures import calibration_curve, cut_curves, histogram, joint_counts
from windu.reports.html import (
    bar,
    listed,
    note,
    number,
    pairs,
    raw,
    section,
    table,
    text,
)
from windu.schema.columns import ColumnSchema, TableSchema

__all__ = [
    "alarms",
    "calibration",
    "classes",
    "confusion",
    "how_to_load",
    "importance",
    "residuals",
    "rows",
    "schema",
    "scores",
    "summary",
    "thresholds",
]

_N_LEVELS = 5


def alarms(stats: Mapping[str, Any]) -> raw:
    """Return the alarms, or that there are none."""
    if "alarms" not in stats:
        return raw("")
    messages = [alarm["message"] for alarm in stats["alarms"]]
    return section("Alarms", listed(messages, "alarms") if messages else note("None."))


def rows(stats: Mapping[str, Any]) -> raw:
    """Return the section of rows, duplicates and target."""
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


#: More columns than this are left out of a picture.
_MAX_BARS = 30

Parts = Mapping[str, Mapping[str, Any]]


def classes(parts: Parts) -> raw:
    """Return the table of classes of each part."""
    pieces = []
    for part, details in parts.items():
        if "classes" not in details:
            continue
        names = ("precision", "recall", "f1", "rows")
        matrix = details["confusion"] if _of_labels(details) else None
        head = [part, *names, *(["hits", "false alarms", "missed"] if matrix else [])]
        rows = [
            [name, *(row[score] for score in names), *_errors(matrix, i)]
            for i, (name, row) in enumerate(details["classes"].items())
        ]
        pieces.append(table(head, _rounded_rows(rows)))
        if details.get("unknown"):
            pieces.append(note(f"{details['unknown']} rows have a class that is new."))
    return section("Classes", _side_by_side(pieces))


def _rounded_rows(rows: Sequence[list[Any]]) -> list[list[Any]]:
    """Return rows whose numbers of rows are whole, as JSON need not keep them."""
    return [[*row[:4], int(row[4]), *row[5:]] for row in rows]


def _errors(matrix: Any, at: int) -> list[int]:
    if matrix is None:
        return []
    (_, false), (missed, hits) = matrix[at]
    return [hits, false, missed]


def _of_labels(details: Mapping[str, Any]) -> bool:
    matrix = details.get("confusion") or [[0]]
    return isinstance(matrix[0][0], list)


def confusion(parts: Parts) -> raw:
    """Return the confusion matrix, each row shaded by its shares."""
    pieces = []
    for part, details in parts.items():
        matrix = details.get("confusion")
        if not matrix or _of_labels(details):
            continue
        names = list(details["classes"])
        kind = "confusion dense" if len(names) > 12 else "confusion"
        rows = [
            [name, *(_shade(count, sum(row)) for count in row)]
            for name, row in zip(names, matrix, strict=True)
        ]
        pieces.append(table([f"{part}: true \\ predicted", *names], rows, kind=kind))
    if not pieces and any("classes" in details for details in parts.values()):
        several = any(_of_labels(details) for details in parts.values())
        if not several:
            pieces = [note("There are too many classes for a matrix.")]
    return section("Confusion matrix", _side_by_side(pieces))


def _shade(count: int, total: int) -> raw:
    share = count / total if total else 0.0
    dark = " dark" if share > 0.65 else ""
    return raw(
        f'<td class="n{dark}" style="--v:{share:.3f}">{number(count) if count else ""}'
        "</td>"
    )


def calibration(parts: Parts) -> raw:
    """Return reliability curves, with their errors."""
    pieces = []
    for part, details in parts.items():
        reliability = details.get("calibration")
        if not reliability:
            continue
        head = (
            f"{part}: {reliability['of']}. The expected calibration error is "
            f"{number(reliability['error'], 3)}."
        )
        pieces.append(raw(f"<div>{note(head)}{calibration_curve(reliability)}</div>"))
        if labels := reliability.get("labels"):
            pieces.append(
                table(["label", "error"], [[label, labels[label]] for label in labels])
            )
    return section("Calibration", _side_by_side(pieces))


def thresholds(parts: Parts, chosen: Mapping[str, Any] | None) -> raw:
    """Return the score along each cut: where it was chosen, and on held-back rows."""
    curves = {"In training, on rows that were not fitted on": chosen} if chosen else {}
    curves |= {
        part: details["thresholds"]
        for part, details in parts.items()
        if details.get("thresholds")
    }
    pieces = [
        raw(f"<div>{note(_said_of_cuts(name, details))}{cut_curves(details)}</div>")
        for name, details in curves.items()
    ]
    return section("Thresholds", _side_by_side(pieces))


def _said_of_cuts(name: str, details: Mapping[str, Any]) -> str:
    rule_text = "weights" if details["weights"] else "cuts"
    used = f"the {rule_text} that are marked"
    if len(details["used"]) == 1:
        used = f"the cut at {number(details['used'][0], 3)}"
    return (
        f"{name}: {details['score_name']} is {number(details['score'])} with {used}, "
        "and "
        f"{number(details['plain_score'])} with the plain decision."
    )


def residuals(parts: Parts) -> raw:
    """Return how far predicted numbers are from true ones, output by output."""
    pieces = []
    for part, details in parts.items():
        for name, residuals_of_output in details.get("residuals", {}).items():
            summary = {
                "R\u00b2": residuals_of_output["r2"],
                "mean absolute error": residuals_of_output["mean_absolute_error"],
                "mean": residuals_of_output["mean"],
                "std": residuals_of_output["std"],
                **{
                    f"{float(q):.0%}": value
                    for q, value in residuals_of_output["quantiles"].items()
                },
            }
            pictures = [
                joint_counts(residuals_of_output["joint"]),
                histogram(residuals_of_output["histogram"]),
            ]
            pieces += [
                raw(f"<h3>{text(part)}: {text(name)}</h3>"),
                _side_by_side(pictures),
                table(["", *summary], [["residual", *summary.values()]]),
            ]
    return section("Residuals", *pieces)


def importance(details: Mapping[str, Any] | None) -> raw:
    """Return how much the score falls where a column is shuffled."""
    if not details:
        return raw("")
    columns = list(details["columns"].items())
    largest = max((column["mean"] or 0.0 for _, column in columns), default=0.0)
    rows = [
        [name, bar(column["mean"] or 0.0, largest), column["mean"], column["std"]]
        for name, column in columns[:_MAX_BARS]
    ]
    more = len(columns) - _MAX_BARS
    return section(
        "Importance",
        note(
            f"How much {details['score']} falls on {details['rows']} rows of the "
            f"{details['part']} part where a column of the table is shuffled, "
            f"{details['repeats']} times. Columns that say the same share their worth."
        ),
        table(["column", "", "mean", "std"], rows),
        note(f"And {more} more with less.") if more > 0 else "",
    )


def _side_by_side(pieces: Sequence[str]) -> raw:
    return raw(f'<div class="row">{"".join(pieces)}</div>' if pieces else "")


def summary(run: Run, stats: Mapping[str, Any]) -> raw:
    """Return the summary of a run."""
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
    """Return the code to load a run."""
    lines = loading_lines(run, name, place)
    code = raw(f"<pre>{_escaped(lines)}</pre>")
    config = ""
    if "config.yaml" in run.manifest.artifacts:
        config_text = run.read("config.yaml").decode(errors="replace")
        config = f"<h3>Configuration</h3><pre>{_escaped([config_text])}</pre>"
    return section("How to load", code, config)


def _escaped(lines: list[str]) -> str:
    return escape("\n".join(lines))
