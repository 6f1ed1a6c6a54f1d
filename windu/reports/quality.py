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
    for part, said in parts.items():
        if "classes" not in said:
            continue
        names = ("precision", "recall", "f1", "rows")
        held = said["confusion"] if _of_labels(said) else None
        head = [part, *names, *(["hits", "false alarms", "missed"] if held else [])]
        rows = [
            [name, *(row[one] for one in names), *_errors(held, i)]
            for i, (name, row) in enumerate(said["classes"].items())
        ]
        pieces.append(table(head, _whole(rows)))
        if said.get("unknown"):
            pieces.append(note(f"{said['unknown']} rows have a class that is new."))
    return section("Classes", _side_by_side(pieces))


def _whole(rows: Sequence[list[Any]]) -> list[list[Any]]:
    """Return rows whose numbers of rows are whole, as JSON need not keep them."""
    return [[*row[:4], int(row[4]), *row[5:]] for row in rows]


def _errors(held: Any, at: int) -> list[int]:
    if held is None:
        return []
    (_, false), (missed, hits) = held[at]
    return [hits, false, missed]


def _of_labels(said: Mapping[str, Any]) -> bool:
    held = said.get("confusion") or [[0]]
    return isinstance(held[0][0], list)


def confusion(parts: Parts) -> raw:
    """Return what was taken for what, each row in the shades of its own shares."""
    pieces = []
    for part, said in parts.items():
        held = said.get("confusion")
        if not held or _of_labels(said):
            continue
        names = list(said["classes"])
        kind = "confusion dense" if len(names) > 12 else "confusion"
        rows = [
            [name, *(_shade(count, sum(row)) for count in row)]
            for name, row in zip(names, held, strict=True)
        ]
        pieces.append(table([f"{part}: true \\ predicted", *names], rows, kind=kind))
    if not pieces and any("classes" in said for said in parts.values()):
        several = any(_of_labels(said) for said in parts.values())
        if not several:
            pieces = [note("There are too many classes for a matrix.")]
    return section("Confusion matrix", _side_by_side(pieces))


def _shade(count: int, of: int) -> raw:
    share = count / of if of else 0.0
    dark = " dark" if share > 0.65 else ""
    return raw(
        f'<td class="n{dark}" style="--v:{share:.3f}">{number(count) if count else ""}'
        "</td>"
    )


def calibration(parts: Parts) -> raw:
    """Return reliability curves, with their errors."""
    pieces = []
    for part, said in parts.items():
        found = said.get("calibration")
        if not found:
            continue
        head = (
            f"{part}: {found['of']}. The expected calibration error is "
            f"{number(found['error'], 3)}."
        )
        pieces.append(raw(f"<div>{note(head)}{calibration_curve(found)}</div>"))
        if labels := found.get("labels"):
            pieces.append(
                table(["label", "error"], [[one, labels[one]] for one in labels])
            )
    return section("Calibration", _side_by_side(pieces))


def thresholds(parts: Parts, chosen: Mapping[str, Any] | None) -> raw:
    """Return the score along each cut: where it was chosen, and on held-back rows."""
    curves = {"In training, on rows that were not fitted on": chosen} if chosen else {}
    curves |= {
        part: said["thresholds"]
        for part, said in parts.items()
        if said.get("thresholds")
    }
    pieces = [
        raw(f"<div>{note(_said_of_cuts(name, said))}{cut_curves(said)}</div>")
        for name, said in curves.items()
    ]
    return section("Thresholds", _side_by_side(pieces))


def _said_of_cuts(name: str, said: Mapping[str, Any]) -> str:
    what = "weights" if said["weights"] else "cuts"
    used = f"the {what} that are marked"
    if len(said["used"]) == 1:
        used = f"the cut at {number(said['used'][0], 3)}"
    return (
        f"{name}: {said['score_name']} is {number(said['score'])} with {used}, and "
        f"{number(said['plain_score'])} with the plain decision."
    )


def residuals(parts: Parts) -> raw:
    """Return how far predicted numbers are from true ones, output by output."""
    pieces = []
    for part, said in parts.items():
        for name, found in said.get("residuals", {}).items():
            summary = {
                "R\u00b2": found["r2"],
                "mean absolute error": found["mean_absolute_error"],
                "mean": found["mean"],
                "std": found["std"],
                **{f"{float(q):.0%}": value for q, value in found["quantiles"].items()},
            }
            pictures = [joint_counts(found["joint"]), histogram(found["histogram"])]
            pieces += [
                raw(f"<h3>{text(part)}: {text(name)}</h3>"),
                _side_by_side(pictures),
                table(["", *summary], [["residual", *summary.values()]]),
            ]
    return section("Residuals", *pieces)


def importance(said: Mapping[str, Any] | None) -> raw:
    """Return how much the score falls where a column is shuffled."""
    if not said:
        return raw("")
    columns = list(said["columns"].items())
    largest = max((one["mean"] or 0.0 for _, one in columns), default=0.0)
    rows = [
        [name, bar(one["mean"] or 0.0, largest), one["mean"], one["std"]]
        for name, one in columns[:_MAX_BARS]
    ]
    more = len(columns) - _MAX_BARS
    return section(
        "Importance",
        note(
            f"How much {said['score']} falls on {said['rows']} rows of the "
            f"{said['part']} part where a column of the table is shuffled, "
            f"{said['repeats']} times. Columns that say the same share their worth."
        ),
        table(["column", "", "mean", "std"], rows),
        note(f"And {more} more with less.") if more > 0 else "",
    )


def _side_by_side(pieces: Sequence[str]) -> raw:
    return raw(f'<div class="row">{"".join(pieces)}</div>' if pieces else "")
