"""Numbers that are written as texts: what each means, and whether a column has them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from windu.io.cells import LARGEST_WHOLE, plain_numbers

__all__ = [
    "NumberReading",
    "code_width_of",
    "digit_form_of",
    "is_long_code",
    "parse_number",
    "parse_numbers",
    "read_number_column",
    "wrong_marks",
]

_CURRENCIES = "$€£¥"
_MARKS = _CURRENCIES + "%"
#: A longer text is no number with signs around it.
_LONGEST = 64
# All of these match whole texts, and none has repeats that compete.
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_ONE_COMMA = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_PADDED = re.compile(r"[+-]?0[0-9]")
_DECIMAL_COMMA = re.compile(r"^[+-]?[0-9]+,[0-9]+$")
#: So many different texts that are no numbers are taken for missing values.
_FEW_BAD = 0.05


@dataclass(frozen=True)
class NumberReading:
    """How far the different texts of a column are numbers.

    Attributes
    ----------
    numeric : bool
        Whether the column is one of numbers.
    why : str
        The rule that decided, where it is.
    marks : list of str
        Signs that stand with the numbers; the empty text for none.
    bad_texts : list of str
        Texts of a column of numbers that are none.
    note : str or None
        What may be a mistake.
    """

    numeric: bool = False
    why: str = ""
    marks: tuple[str, ...] = ()
    bad_texts: tuple[str, ...] = ()
    note: str | None = None


def parse_number(text: str) -> tuple[float, str] | None:
    """Return a text as a number and the sign that stands with it.

    Parameters
    ----------
    text : str
        ``1,234.5``, ``$ 12`` and ``7 %`` are the numbers 1234.5, 12 and 7.

    Returns
    -------
    tuple of float and str, or None
        None for what is no number.

    Examples
    --------
    >>> from windu.schema.numbers import parse_number
    >>> parse_number("$ 1,234.5"), parse_number("0,125")
    ((1234.5, '$'), None)
    """
    if len(text) > _LONGEST:
        return None
    text, sign, mark = text.strip(), "", ""
    if text[:1] in ("+", "-") and text[1:2] in tuple(_CURRENCIES):
        sign, text = text[0], text[1:]
    if text[:1] in tuple(_CURRENCIES):
        mark, text = text[0], text[1:].lstrip()
    elif text[-1:] in tuple(_MARKS):
        mark, text = text[-1], text[:-1].rstrip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        return None
    return float(sign + text if sign and text[:1].isdigit() else text), mark


def _parse_distinct(texts: list[str]) -> tuple[np.ndarray, list[str | None]]:
    """Return texts as float64, and the sign with each; None for what is no number."""
    exact, readable = plain_numbers(texts)
    numbers = np.full(len(texts), np.nan)
    numbers[readable] = exact[readable].astype("float64")
    marks: list[str | None] = ["" if plain else None for plain in readable]
    for position in np.flatnonzero(~readable):
        if (parsed := parse_number(texts[position])) is not None:
            numbers[position], marks[position] = parsed
    return numbers, marks


def parse_numbers(texts: pd.Series) -> pd.Series:
    """Return texts as float64; what is no number becomes NaN.

    Parameters
    ----------
    texts : pandas.Series
        Texts, with missing values.

    Returns
    -------
    pandas.Series of float64
        Same index.
    """
    codes, distinct = pd.factorize(texts)
    numbers, _ = _parse_distinct([str(text) for text in distinct])
    values = np.append(numbers, np.nan)[codes]
    return pd.Series(values, texts.index, name=texts.name)


def wrong_marks(texts: pd.Series, marks: Collection[str]) -> np.ndarray:
    """Return which texts are numbers with a sign that training did not have.

    ``0.07`` where all were like ``7 %`` may be the same number or a hundredth of it.

    Parameters
    ----------
    texts : pandas.Series
        Texts, with missing values.
    marks : collection of str
        Signs that stood with the numbers of training.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
        A plain number may stand beside amounts of a currency.
    """
    allowed = set(marks) | ({""} if "%" not in marks else set()) | {None}
    codes, distinct = pd.factorize(texts)
    marks_found = _parse_distinct([str(text) for text in distinct])[1]
    wrong = np.array(
        [mark not in allowed for mark in marks_found] + [False], dtype=bool
    )
    return wrong[codes]


def is_long_code(values: Any) -> bool:
    """Tell whether most of different whole numbers are too long for float64.

    Parameters
    ----------
    values : iterable of int
        Different whole numbers, of any size.

    Returns
    -------
    bool
        True for codes that float64 could not tell apart.
    """
    long = [abs(int(value)) > LARGEST_WHOLE for value in values]
    return bool(long) and 2 * sum(long) >= len(long)


def digit_form_of(texts: list[str]) -> str:
    """Return how the texts of a column are written that are numbers.

    Parameters
    ----------
    texts : list of str
        Different texts.

    Returns
    -------
    {"none", "plain", "pointed", "padded"}
        "padded" if one starts with a zero, such as ``007``: as a number it would be
        another text. "pointed" if whole numbers are written like ``2.0``.
    """
    form = "none"
    for text in texts:
        if _PADDED.match(text) and _INTEGER.fullmatch(text):
            return "padded"
        if form != "pointed" and len(text) <= _LONGEST and _PLAIN.fullmatch(text):
            form = "pointed" if text.endswith(".0") else "plain"
    return form


def code_width_of(texts: list[str]) -> int | None:
    """Return the number of digits of codes with leading zeros, where all have as many.

    Parameters
    ----------
    texts : list of str
        Different texts.

    Returns
    -------
    int or None
        None where no whole number starts with a zero, or their lengths differ.
    """
    codes = [text for text in texts if text.isascii() and text.isdigit()]
    widths = {len(code) for code in codes}
    padded = any(code.startswith("0") for code in codes)
    return widths.pop() if padded and len(widths) == 1 and max(widths) > 1 else None


def read_number_column(texts: list[str], max_levels: int) -> NumberReading:
    """Decide whether the different texts of a column are numbers.

    Parameters
    ----------
    texts : list of str
        Different texts, without those that stand for missing values.
    max_levels : int
        Up to so many different texts can be levels: one that is no number then makes
        levels of all.

    Returns
    -------
    NumberReading
        Codes with leading zeros, and codes that float64 could not tell apart, are no
        numbers.
    """
    head = texts[:200]
    marks = _parse_distinct(head)[1]
    if 2 * sum(mark is None for mark in marks) > len(head):
        return NumberReading(note=_comma_note(head))
    numbers, marks = _parse_distinct(texts)
    bad = [text for text, mark in zip(texts, marks, strict=True) if mark is None]
    bad += [t for t, x in zip(texts, numbers, strict=True) if np.isinf(x)]
    tolerated = len(texts) > max_levels and len(bad) <= max(1, _FEW_BAD * len(texts))
    if bad and not tolerated:
        return NumberReading(note=_comma_note(bad))
    if digit_form_of(texts) == "padded":
        return NumberReading()
    if is_long_code(int(text) for text in texts if _INTEGER.fullmatch(text)):
        return NumberReading()
    signs = tuple(sorted({mark for mark in marks if mark is not None}))
    if len([sign for sign in signs if sign]) > 1 or set(signs) == {"", "%"}:
        shown = [texts[marks.index(sign)] for sign in signs]
        return NumberReading(
            note=f"holds numbers of several kinds, such as {shown}, which are kept as "
            "texts, not as numbers; write all of them in one unit"
        )
    if not bad:
        note = _thousands_note(texts)
        return NumberReading(True, "all texts are numbers", signs, note=note)
    return NumberReading(
        True,
        f"texts are numbers, but for {len(bad)} of {len(texts)} different ones",
        signs,
        tuple(bad[:100]),
        f"holds numbers, but for texts such as {bad[:3]}, which count as missing; "
        "correct them, or write a missing value in their place",
    )


def _thousands_note(texts: list[str]) -> str | None:
    """Return a note where commas may be decimal ones: three digits follow each."""
    if not texts or not all(_ONE_COMMA.fullmatch(text.strip()) for text in texts):
        return None
    return (
        f"holds texts such as {texts[0]!r}, which are read as thousands; if they are "
        "decimal commas, read the file with decimal=',', or replace them by points"
    )


def _comma_note(texts: list[str]) -> str | None:
    comma = next((text for text in texts if _DECIMAL_COMMA.fullmatch(text.strip())), "")
    if not comma or len(comma) > _LONGEST:
        return None
    return (
        f"holds texts with decimal commas, such as {comma!r}, which are kept as texts; "
        "read the file with decimal=',', or replace the commas by points"
    )
