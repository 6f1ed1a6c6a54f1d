"""Regular expressions of a schema: none that can keep a process busy for hours.

Python's `re` has no time limit. What is stored is therefore a pattern whose structure
rules out that the time grows faster than with the third power of a text's length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from math import prod
from typing import Any, NamedTuple

__all__ = ["check_pattern"]

#: No stored pattern is longer.
MAX_PATTERN = 1_000
#: No longer row of parts is looked at.
_MAX_PARTS = 1_000
#: In so many ways repeats and alternatives may compete for the same characters. A
#: repeat that may come this often or more counts as one at will, and as so many ways:
#: three of them may compete, four may not.
_MAX_WAYS = 100_000
_MANY = 20

# There is no public parser; this is that of `re` itself.
_parser: Any = import_module("re._parser")
_compiler: Any = import_module("re._compiler")


class _Part(NamedTuple):
    """A piece of a pattern: which characters it takes, and in how many ways."""

    taken: frozenset[str]
    ways: int
    optional: bool
    choice: bool = False


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
        For one that is none, is too long, refers back to a group, nests repeats or
        alternatives in a repeat with no separator, or has several repeats of the same
        characters in a row.

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
        parsed = _parser.parse(pattern)
        row = list(_parts(parsed, _taker(parsed)))
        if any(_is_slow(row[start:]) for start in range(len(row))):
            raise re.error("in which too many repeats compete for the same characters")
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern {pattern!r}, {error}") from error
    return pattern


def _is_slow(row: list[_Part]) -> bool:
    """Tell whether the first part can lose its text to later ones in many ways."""
    first, rivals = row[0], [row[0].ways]
    for later in row[1:] if first.ways > 1 else ():
        if later.taken & first.taken:
            rivals.append(later.ways)
        elif not later.optional:
            break
    return prod(rivals) > _MAX_WAYS


def _taker(parsed: Any) -> Callable[[Any], frozenset[str]]:
    """Return what tells the characters that a single item takes, of a sample."""
    codes = {code + d for code in _numbers(parsed) for d in (-1, 0, 1)}
    # A letter, a sign, a digit and a space stand for all that is not named.
    characters = set("\u4e2d\u00a7\u0663\u2003")
    sample = characters | {chr(c) for c in codes | {*range(128)} if 0 <= c < 0x110000}

    def characters_of(item: Any) -> frozenset[str]:
        pattern = _compiler.compile(_parser.SubPattern(parsed.state, [item]), re.DOTALL)
        return frozenset(filter(pattern.fullmatch, sample))

    return characters_of


def _numbers(node: Any) -> Iterator[int]:
    """Yield the codes of all characters that a pattern names, among other numbers."""
    if isinstance(node, int):
        yield node
    elif isinstance(node, (list, tuple, _parser.SubPattern)):
        for part in node:
            yield from _numbers(part)


def _parts(
    items: Any, characters_of: Callable[[Any], frozenset[str]]
) -> Iterator[_Part]:
    """Yield what a pattern consists of; short repeats as often as they may come."""
    for name, argument in items:
        kind = str(name)
        if kind.startswith("GROUPREF"):
            raise re.error("which refers back to a group")
        if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = argument
            yield from _repeated(low, high, list(_parts(body, characters_of)))
        elif kind == "BRANCH":
            rows = [list(_parts(body, characters_of)) for body in argument[1]]
            every = [part._replace(optional=True) for row in rows for part in row]
            empty = sum(all(part.optional for part in row) for row in rows)
            # Nothing in two ways competes with whatever stands around it.
            all_of_it = (
                characters_of((_parser.ANY, None)) if empty > 1 else _union(every)
            )
            yield _Part(all_of_it, len(rows), bool(empty), choice=True)
            yield from (part for part in every if part.ways > 1)
        elif kind == "SUBPATTERN":
            if argument[1] or argument[2]:
                raise re.error("which has flags inside")
            yield from _parts(argument[3], characters_of)
        elif kind in ("ASSERT", "ASSERT_NOT"):
            for part in _parts(argument[1], characters_of):
                yield part._replace(optional=True)
        elif kind == "ATOMIC_GROUP":
            yield from _parts(argument, characters_of)
        elif kind != "AT":
            yield _Part(characters_of((name, argument)), 1, False)


def _repeated(low: int, high: int, inner: list[_Part]) -> Iterator[_Part]:
    varied = [part._replace(optional=True) for part in inner if part.ways > 1]
    if high * len(inner) > _MAX_PARTS and high <= _MANY:
        raise re.error("which is too long with its repeats written out")
    if high > _MANY:
        if varied and not _are_apart(inner):
            raise re.error(
                "whose repeats are nested with nothing between that tells them apart; "
                "begin or end the inner part with a character of its own"
            )
        yield _Part(_union(inner), _MANY if varied or low < high else 1, not low)
        return
    for _ in range(low):
        yield from inner
    if low < high:
        yield _Part(_union(inner), high - low + 1, True)
        yield from varied * (high - low)


def _are_apart(inner: list[_Part]) -> bool:
    """Tell whether a text can be read as repeats of these parts in one way only."""
    varied = [part for part in inner if part.ways > 1]
    if len(varied) > 1 or varied[0].choice:
        return False
    return any(
        end.ways == 1 and not end.optional and not end.taken & _union(rest)
        for end, rest in ((inner[0], inner[1:]), (inner[-1], inner[:-1]))
    )


def _union(parts: list[_Part]) -> frozenset[str]:
    return frozenset().union(*(part.taken for part in parts))
