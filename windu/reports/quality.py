"""Sections on held-back rows: classes, calibration, thresholds, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from windu.reports.figures import (
    calibration_curve,
    cut_curves,
    histogram,
    joint_counts,
)
from windu.reports.html import bar, note, number, raw, section, table, text

__all__ = [
    "calibration",
    "classes",
    "confusion",
    "importance",
    "residuals",
    "thresholds",
]

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
    """Return what was taken for what, each row in the shades of its own shares."""
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
