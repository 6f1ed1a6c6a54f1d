"""Comparison of a new table with a schema."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import did_you_mean_each
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.compiled import (
    MAX_LOOKED_AT,
    OF_VALUES,
    compiled_check,
    known_levels,
    known_or_new,
    spelling_of,
)
from windu.schema.dates import has_zone
from windu.schema.names import check_names, duplicates, is_infinite
from windu.schema.recast import is_parsed, is_settled, recast, without_empty_texts
from windu.schema.report import Difference, ValidationReport, drift_of

__all__ = ["compare", "conform", "conform_training"]

_PARSED = ("numeric", "datetime")


def conform(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Return the frame with the schema's columns, order and dtypes.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A new table.
    schema : TableSchema
        What was seen in training.

    Returns
    -------
    pandas.DataFrame
        The frame itself where nothing had to be done.

    Raises
    ------
    SchemaError
        With every difference that is an error, not only the first.
    """
    conformed, report = compare(frame, schema, everything=False)
    report.raise_for_errors()
    report.warn()
    return conformed


def compare(
    frame: pd.DataFrame, schema: TableSchema, *, everything: bool = True
) -> tuple[pd.DataFrame, ValidationReport]:
    """Return the frame as `predict` would take it, and how it differs.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A new table.
    schema : TableSchema
        What was seen in training.
    everything : bool, default=True
        Whether to look for differences that nobody asked to hear of, and for drift.

    Returns
    -------
    frame : pandas.DataFrame
        With the schema's columns, order and dtypes; the frame itself where nothing
        had to be done. Not to be used if the report has errors.
    report : ValidationReport
        All differences.
    """
    n_rows = len(frame)
    differences: list[Difference] = []
    if list(frame.columns) != schema.names:
        check_names(frame)
        twice = duplicates(frame)
        if twice:
            # Only the first column of a name is compared further.
            frame = frame.loc[:, ~frame.columns.astype(str).duplicated()]
        frame, differences = _columns(_numbered(frame, schema), schema)
        differences = twice + differences
    changed: dict[Any, pd.Series] = {}
    drift: dict[Any, float] = {}
    gone = {d.column for d in differences if d.difference == "missing"}
    compiled = compiled_check(schema)
    looked_at = range(len(schema.columns)) if everything else compiled.pending(frame)
    for position in looked_at:
        column, values = schema.columns[position], frame.iloc[:, position]
        recasted, differences_found = _column(values, column, schema, everything)
        if column.name not in gone:
            differences += differences_found
        if recasted is not values:
            changed[column.name] = recasted
        refused = any(d.action == "raise" for d in differences_found)
        if everything and not refused and column.name not in gone:
            score = drift_of(recasted, column)
            if score is not None:
                drift[column.name] = score
    if changed:
        frame = frame.copy(deep=False)
        for name, values in changed.items():
            frame[name] = values
    if not everything:
        differences = [d for d in differences if d.action in ("warn", "raise")]
    return frame, ValidationReport(differences, n_rows, drift)


def conform_training(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Return the training table in the form that new tables are cast to.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        The table to learn from.
    schema : TableSchema
        What was inferred from it.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, n_columns)
        Empty texts are missing, categories are those of the schema, and mixtures are
        texts. The frame itself where nothing had to be done.
    """
    changed: dict[int, pd.Series] = {}
    for position, column in enumerate(schema.columns):
        values = frame.iloc[:, position]
        if column.storage not in ("text", "datetime", "timedelta", "boolean"):
            # Numbers are unchanged, except that categories become plain.
            recasted = (
                values if column.categories is None else recast(values, column)[0]
            )
        elif is_parsed(column) or is_settled(values, column):
            recasted = without_empty_texts(values, column)
        else:
            recasted = recast(values, column)[0]
        if recasted is not values:
            changed[position] = recasted
    if not changed:
        return frame
    columns = {
        position: changed.get(position, frame.iloc[:, position])
        for position in range(frame.shape[1])
    }
    return pd.DataFrame(columns, index=frame.index).set_axis(frame.columns, axis=1)


def _numbered(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Names that were numbers come back as texts from a CSV file."""
    numbers = {str(name): name for name in schema.names if not isinstance(name, str)}
    return frame.rename(columns=numbers) if numbers else frame


def _columns(
    frame: pd.DataFrame, schema: TableSchema
) -> tuple[pd.DataFrame, list[Difference]]:
    """Select and order the columns; make the missing ones."""
    names = set(frame.columns)
    extra = [name for name in frame.columns if name not in schema.by_name]
    gone = [name for name in schema.names if name not in names]
    differences = [
        Difference(
            name,
            "missing",
            schema.action("missing", schema.by_name[name]),
            "be in the table",
            "no such column",
            hint=" It is in the index; X.reset_index() makes a column of it."
            if name in frame.index.names
            else hint,
        )
        for name, hint in zip(gone, did_you_mean_each(gone, extra), strict=True)
    ]
    differences += [
        Difference(
            name,
            "extra",
            schema.action("extra"),
            "be known from training",
            "a column more",
        )
        for name in extra
    ]
    known_names = [name for name in frame.columns if name in schema.by_name]
    if known_names != [name for name in schema.names if name in names]:
        first = next(
            a for a, b in zip(known_names, schema.names, strict=False) if a != b
        )
        order_text = f"another order, first {first!r}"
        action = schema.action("order")
        differences.append(
            Difference(None, "order", action, "have its columns in order", order_text)
        )
    if not gone:
        return frame[schema.names], differences
    empty = pd.DataFrame(np.nan, index=frame.index, columns=gone)
    return pd.concat([frame[known_names], empty], axis=1)[schema.names], differences


def _column(
    values: pd.Series, column: ColumnSchema, schema: TableSchema, everything: bool
) -> tuple[pd.Series, list[Difference]]:
    """Return one column in the form of training, and its differences."""
    recasted, differences_found = values, []

    def differ(
        kind: str, expected: str, shown: str, wrong: Any = None, hint: str = ""
    ) -> None:
        rows = 0 if wrong is None else int(wrong.sum())
        first = int(wrong.argmax()) if rows else None
        action = schema.action(kind, column)
        differences_found.append(
            Difference(column.name, kind, action, expected, shown, rows, first, hint)
        )

    if is_settled(values, column):
        recasted = without_empty_texts(values, column)
    else:
        recasted, wrong = recast(values, column)
        if wrong.any():
            at_fault = _at_fault(values, wrong, column)
            shown = _shown_values(values, at_fault)
            differ(
                "meaning",
                _meaning(column),
                shown,
                at_fault,
                _lost(values, at_fault, column),
            )
            recasted = recast(values.where(~wrong), column)[0]
        # A column without values has no type.
        elif str(values.dtype) != column.dtype and values.notna().any():
            differ("dtype", f"be of dtype {column.dtype}", str(values.dtype))
    if column.zoned is not None and schema.action("zone", column) != "ignore":
        _differ_in_zone(values, column, differ)
    # The cast to categories has already dropped other levels.
    levels = recasted if column.categories is None else values
    if schema.action("unknown", column) != "ignore":
        _differ_in_levels(levels, column, differ)
    infinite = _infinite(recasted) if column.storage == "numeric" else None
    if infinite is not None:
        differ("infinite", "be finite", _shown_values(values, infinite), infinite)
        recasted = recasted.where(~infinite)
    checked_kinds = [
        kind
        for kind in OF_VALUES
        if everything or schema.action(kind, column) != "ignore"
    ]
    if checked_kinds and column.kind not in ("constant", "unsupported"):
        # Cells of another meaning are reported already.
        missing = values.isna().to_numpy()
        _differ_in_values(recasted, levels, missing, column, checked_kinds, differ)
    return recasted, differences_found


def _lost(values: pd.Series, wrong: np.ndarray, column: ColumnSchema) -> str:
    """Return a hint for codes that arrive as numbers."""
    numbers = kinds.storage_of(values[wrong]) == "numeric"
    numbers |= column.code_width is not None
    if not numbers or column.storage != "text" or column.kind in _PARSED:
        return ""
    if column.number_texts == "padded":
        return (
            " In training it held codes such as '007', which lose their zeros as "
            f"numbers: read it as text, for instance dtype={{{column.name!r}: 'str'}}."
        )
    return f" Read it as text, for instance dtype={{{column.name!r}: 'str'}}."


def _differ_in_zone(values: pd.Series, column: ColumnSchema, differ: Any) -> None:
    """Report dates with a zone where training had none, or the other way."""
    storage = kinds.storage_of(values)
    if storage not in ("datetime", "text"):
        return
    zoned = has_zone(values)
    differs = values.notna().to_numpy() & (zoned != column.zoned)
    if column.zoned and (storage == "text" or column.storage == "text"):
        # A day without a time has no zone anywhere.
        differs &= values.map(_has_clock, na_action="ignore").eq(True).to_numpy()
    if differs.any():
        names = ("a time zone", "no time zone")
        expected, shown = names if column.zoned else names[::-1]
        hint = (
            " Times without a zone count as UTC: an hour, or a day, may be another "
            "one. Call tz_localize or tz_convert so that it is as in training."
        )
        differ(
            "zone",
            f"hold times with {expected}",
            f"times with {shown}",
            differs,
            hint,
        )


def _has_clock(cell: Any) -> bool:
    return ":" in cell[:64] if isinstance(cell, str) else True


def _differ_in_levels(values: pd.Series, column: ColumnSchema, differ: Any) -> None:
    """Report levels that are spelled otherwise, or a column of unknown ones."""
    levels = known_levels(column)
    if levels is None:
        return
    step = max(1, -(-len(values) // MAX_LOOKED_AT))
    sample = values.iloc[::step]
    present, new = known_or_new(sample, levels)
    if not new.any():
        return
    texts = kinds.as_texts(sample[new])
    spelled = texts.map(lambda text: spelling_of(text) in levels.spellings).to_numpy()
    n_new, n = int(new.sum()), int(present.sum())
    mostly = n >= levels.min_rows and 1 - n_new / n < levels.share / 2
    if not spelled.any() and not mostly:
        return
    wrong = np.zeros(len(values), dtype=bool)
    positions = np.flatnonzero(new) * step
    wrong[positions if mostly else positions[spelled]] = True
    first = texts.iloc[0] if mostly else texts[spelled].iloc[0]
    twin = levels.spellings.get(spelling_of(first))
    hint = f" Did you mean {twin!r}?" if twin is not None else ""
    differ(
        "unknown",
        "have levels that training knew",
        _shown_values(values, wrong) + (f", of {n} looked at" if step > 1 else ""),
        wrong,
        f"{hint} Unknown levels are predicted like missing values: check how the "
        "table is written, or train again if the levels are new.",
    )


def _at_fault(values: pd.Series, wrong: np.ndarray, column: ColumnSchema) -> np.ndarray:
    """Return which cells make texts of a column of numbers, as in a CSV file.

    One of them is enough, and the others read as what they were.
    """
    if kinds.storage_of(values) != "text":
        return wrong
    if column.storage == "numeric":
        read = pd.to_numeric(values, errors="coerce").notna()
    elif column.storage == "boolean":
        read = values.astype("str").str.lower().isin(["true", "false"])
    else:
        return wrong
    at_fault: np.ndarray = wrong & ~read.to_numpy(bool)
    return at_fault if at_fault.any() else wrong


def _infinite(values: pd.Series) -> np.ndarray | None:
    infinite = is_infinite(values)
    return infinite if infinite.any() else None


def _differ_in_values(
    values: pd.Series,
    texts: pd.Series,
    missing: np.ndarray,
    column: ColumnSchema,
    checked_kinds: list[str],
    differ: Any,
) -> None:
    if "null" in checked_kinds and not column.nullable and missing.any():
        differ("null", "have no missing value", _share(missing), missing)
    if (
        "level" in checked_kinds
        and column.levels is not None
        and column.storage == "text"
    ):
        new = ~kinds.as_texts(texts).isin([str(x) for x in column.levels]).to_numpy()
        new &= texts.notna().to_numpy()
        if new.any():
            differ(
                "level", "have the levels of training", _shown_values(texts, new), new
            )
    if "range" in checked_kinds and column.bin_edges is not None:
        numbers = kinds.numbers_of(values, column)
        low, high = column.span
        outside = (numbers < low) | (numbers > high)
        if outside.any():
            expected = f"lie from {column.minimum} to {column.maximum}"
            differ("range", expected, _shown_values(values, outside), outside)


def _meaning(column: ColumnSchema) -> str:
    if column.storage == "timedelta":
        return "hold durations"
    if column.number_marks is not None and set(column.number_marks) - {""}:
        signs = " or ".join(repr(sign) for sign in column.number_marks if sign)
        return f"hold numbers with {signs}"
    if column.storage == "text" and column.number_texts == "padded":
        return f"be {column.kind}, as texts with their leading zeros"
    if column.date_format is not None:
        return f"be datetime like {column.date_format}"
    return f"be {column.kind}"


def _share(wrong: np.ndarray) -> str:
    rows = f" in {int(wrong.sum())} of {len(wrong)} rows" if len(wrong) > 1 else ""
    return f"a missing value{rows}"


def _shown_values(values: pd.Series, wrong: np.ndarray) -> str:
    first = int(wrong.argmax())
    value = values.iloc[first]
    shown = repr(value.item() if isinstance(value, np.generic) else value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    storage = kinds.storage_of(values[wrong])
    storage = type(value).__name__ if storage == "other" else storage
    if len(values) == 1:
        return f"{storage}, {shown}"
    return (
        f"{storage} in {int(wrong.sum())} of {len(values)} rows, first {shown} at row "
        f"{first}"
    )
