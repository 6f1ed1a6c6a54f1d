"""Regular expressions of a schema: none that can keep a process busy for hours.

Python's `re` has no time limit. What is stored is therefore a pattern whose structure
rules out that the time grows exponentially, or with a high power, with the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from math import inf, prod
from typing import Any

__all__ = ["check_pattern"]

#: No stored pattern is longer.
MAX_PATTERN = 1_000
#: So many repeats at will may compete for the same characters, and bounded ones in so
#: many ways.
_MAX_RIVALS = 2
_MAX_WAYS = 10_000
#: From here on a bounded repeat counts as one at will.
_MANY = 20

#: Other characters count as one of these: a letter, a sign, a digit, a space.
_OTHERS = "\u4e2d\u00a7\u0663\u2003"
#: What a set of characters is tried on to see whether two sets overlap.
_SAMPLE = "".join(map(chr, range(128))) + _OTHERS

# The parser of `re` itself; there is no public one.
_parser: Any = import_module("re._parser")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def check_pattern(pattern: str) -> str:
    r"""Return a pattern, if matching it takes a reasonable time on every text.

    Parameters
    ----------
    pattern : str
        A regular expression.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        For one that is none, is too long, refers back to a group, nests repeats
        without a separator, or has several repeats of the same characters in a row.

    Examples
    --------
    >>> from windu.schema.user.patterns import check_pattern
    >>> check_pattern(r"[A-Z]{2}-[0-9]+(\.[0-9]+)*")
    '[A-Z]{2}-[0-9]+(\\.[0-9]+)*'
    >>> check_pattern("(a+)+b")
    Traceback (most recent call last):
    ...
    ValueError: the pattern '(a+)+b', whose repeats are nested ...
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters")
    try:
        items = list(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern {pattern!r}, which is none: {error}") from error
    reason = _trouble(items)
    if reason:
        raise ValueError(f"the pattern {pattern!r}, {reason}")
    return pattern


def _trouble(items: list[Any]) -> str:
    for operator, argument in _all_items(items):
        if operator in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"):
            return "which refers back to a group"
        if operator in _REPEATS and argument[1] > 1 and not _is_plain(argument[2]):
            return (
                "whose repeats are nested with nothing between that tells them apart; "
                "begin or end the inner part with a character of its own"
            )
    if _is_slow(list(_row(items))):
        return "in which too many repeats compete for the same characters"
    return ""


def _all_items(items: Any) -> Iterator[tuple[str, Any]]:
    """Yield every item below, with the operator as text."""
    for operator, argument in items:
        yield str(operator), argument
        for part in _parts(str(operator), argument):
            yield from _all_items(part)


def _parts(operator: str, argument: Any) -> list[Any]:
    """Return the sequences that an item holds."""
    if operator in _REPEATS:
        return [argument[2]]
    if operator == "SUBPATTERN":
        return [argument[3]]
    if operator == "ATOMIC_GROUP":
        return [argument]
    if operator == "BRANCH":
        return list(argument[1])
    return [argument[1]] if operator in ("ASSERT", "ASSERT_NOT") else []


def _is_plain(items: Any) -> bool:
    """Tell whether what is repeated matches a text in one way only."""
    body = list(items)
    while len(body) == 1 and str(body[0][0]) == "SUBPATTERN":
        body = list(body[0][1][3])
    varied = [taken for taken, ways in _row(body) if ways != 1]
    if not varied:
        return True
    branches = [a[1] for name, a in _all_items(body) if name == "BRANCH"]
    if not all(_is_clear([part for part in b if len(part)], b) for b in branches):
        return False
    together = frozenset().union(*varied)
    if sum(map(len, varied)) != len(together):
        return False
    for end, rest in ((body[0], body[1:]), (body[-1], body[:-1])):
        own = _characters(*end)
        if own and not own & _taken(rest):
            return True
    return False


def _is_clear(parts: list[Any], of: list[Any] | None = None) -> bool:
    """Tell whether the first character says which alternative it is."""
    heads = [_characters(*part[0]) if len(part) else frozenset() for part in parts]
    apart = sum(map(len, heads)) == len(frozenset().union(*heads))
    # One empty alternative is an optional part; two are the same twice.
    return apart and all(heads) and len(of or parts) - len(parts) < 2


def _taken(items: Any) -> frozenset[str]:
    return frozenset().union(*(_characters(*item) for item in _all_items(items)))


def _row(items: Any) -> Iterator[tuple[frozenset[str], float]]:
    """Yield the characters of the items in a row, and in how many ways each matches."""
    for operator, argument in items:
        name = str(operator)
        parts = _parts(name, argument)
        if name in _REPEATS:
            low, high = argument[0], argument[1]
            many = high > _MANY and low != high
            yield _taken(parts[0]), inf if many else high - low + 1.0
            if not many:
                # What may be left out separates nothing.
                yield from (pair for pair in _row(parts[0]) if low or pair[1] != 1)
        elif name == "BRANCH":
            union = frozenset().union(*map(_taken, parts))
            yield union, 1.0 if _is_clear(parts) else float(len(parts))
            for part in parts:
                yield from (pair for pair in _row(part) if pair[1] != 1)
        elif parts:
            yield from _row(parts[0])
        elif taken := _characters(name, argument):
            yield taken, 1.0


def _is_slow(row: list[tuple[frozenset[str], float]]) -> bool:
    """Tell whether repeats can take the same text from each other in many ways."""
    for start, (taken, ways) in enumerate(row):
        rivals = [ways]
        for other, more in row[start + 1 :] if ways != 1 else ():
            if not other & taken:
                break
            rivals.append(more)
        finite = [more for more in rivals if more != inf]
        if len(rivals) - len(finite) > _MAX_RIVALS or prod(finite) > _MAX_WAYS:
            return True
    return False


def _characters(operator: Any, argument: Any) -> frozenset[str]:
    """Return the sample's characters that a single item matches, in lower case."""
    # Patterns may ignore case.
    return frozenset(c.lower() for c in _exactly(str(operator), argument))


def _exactly(name: str, argument: Any) -> frozenset[str]:
    everything = frozenset(_SAMPLE)
    if name == "ANY":
        return everything
    if name == "LITERAL":
        return frozenset(chr(argument) if argument < 128 else _OTHERS)
    if name == "NOT_LITERAL":
        return everything - _certain("LITERAL", argument)
    if name == "RANGE":
        low, high = argument
        inside = frozenset(c for c in _SAMPLE if low <= ord(c) <= high)
        return inside | frozenset(_OTHERS if high >= 128 else "")
    if name == "CATEGORY":
        code = str(argument).removeprefix("CATEGORY_")
        letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[code.removeprefix("NOT_")]
        letter = letter.upper() if code.startswith("NOT_") else letter
        return frozenset(re.findall(f"\\{letter}", _SAMPLE))
    if name == "IN":
        members = [(str(operator), part) for operator, part in argument]
        if members[0][0] == "NEGATE":
            return everything.difference(*(_certain(*item) for item in members[1:]))
        return frozenset().union(*(_exactly(*item) for item in members))
    return frozenset()


def _certain(name: str, argument: Any) -> frozenset[str]:
    """Return the characters that an item takes away from all others.

    One letter among many does not take away what stands for them all.
    """
    found = _exactly(name, argument)
    return found if name == "CATEGORY" else found - frozenset(_OTHERS)
