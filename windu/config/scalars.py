"""What a plain word of YAML stands for: the core schema of YAML 1.2, and no other."""

from __future__ import annotations

import re

__all__ = ["FLOAT", "INT", "read_scalar"]

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF"), float("inf")),
    **dict.fromkeys(("+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -float("inf")),
}
INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

#: Longer numbers are mistakes, and take time that grows with their square.
_MAX_DIGITS = 400


def read_scalar(text: str) -> bool | int | float | str | None:
    """Return what a word without quotes stands for.

    Parameters
    ----------
    text : str
        As it stands in the file.

    Returns
    -------
    bool, int, float, str or None
        ``NO``, ``12:30``, ``1_000`` and dates are texts; ``1e-3`` is a number and
        ``010`` is ten.

    Raises
    ------
    ValueError
        For a number that is too large.

    Examples
    --------
    >>> from windu.config.scalars import read_scalar
    >>> [read_scalar(text) for text in ("1e-3", "NO", "0o17", "~", "12:30")]
    [0.001, 'NO', 15, None, '12:30']
    """
    if text in _WORDS:
        return _WORDS[text]
    match = INT.fullmatch(text)
    if not match and not FLOAT.fullmatch(text):
        return text
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} characters")
    if match:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    number = float(text)
    if number in (float("inf"), -float("inf")):
        raise ValueError(f"{text}, which is too large for a number; write .inf")
    return number
