"""Regular expressions of a schema: none that can keep a process busy for hours.

Python's `re` has no time limit. What is stored is therefore a pattern whose repeats can
be counted: at most three of any length, none of a group, and few other choices. Other
patterns belong into a module of the user's own, of which a reference is stored.
"""

from __future__ import annotations

import re

__all__ = ["check_pattern"]

#: No stored pattern is longer.
MAX_PATTERN = 1_000
#: So many repeats of any length may compete for the same characters: the time grows
#: with the third power of a text's length.
_MAX_REPEATS = 3
#: In so many ways the other choices may be made.
_MAX_WAYS = 100_000
#: A repeat that may come more often counts as one of any length.
_MANY = 20

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|\(\?[imsu]+\)"
    r"|\(\?(?::|<?[=!]|P<\w+>)|.",
    re.DOTALL,
)
#: Back to a group, conditions, comments and verbose patterns.
_NOT_COUNTED = re.compile(r"\(\?(P=|\(|#|[a-zA-Z-]*x)")
_BOUNDS = re.compile(r"\{(\d+)(,?)(\d*)\}")


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
        For one that is none, is too long, refers back to a group, repeats a group at
        will, or has too many repeats or choices.

    Examples
    --------
    >>> from windu.schema.user.patterns import check_pattern
    >>> check_pattern(r"[A-Z]{2}-[0-9]+(\.[0-9]+)?")
    '[A-Z]{2}-[0-9]+(\\.[0-9]+)?'
    >>> check_pattern("(a+)+b")
    Traceback (most recent call last):
    ...
    ValueError: the pattern '(a+)+b', which repeats a group at will ...
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters")
    try:
        re.compile(pattern)
        if found := _NOT_COUNTED.search(pattern):
            raise re.error(f"with {found[0]!r}, which is not counted")
        ways, repeats = _count(pattern)
        if ways > _MAX_WAYS or repeats > _MAX_REPEATS:
            raise re.error("in which too many repeats or choices compete")
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern {pattern!r}, {error}") from error
    return pattern


class _Level:
    """What was counted inside one pair of brackets."""

    def __init__(self) -> None:
        self.ways, self.repeats, self.alternatives = 1, 0, 1
        # The last part, which the next token may repeat: ways, repeats, is a group.
        self.last: tuple[int, int, bool] | None = None

    def take(self, low: int = 1, high: int = 1) -> None:
        """Count the last part, which comes so many times."""
        if self.last is None:
            # The mark of a lazy repeat.
            return
        ways, repeats, is_group = self.last
        if high > _MANY:
            if is_group:
                raise re.error("which repeats a group at will; give it a bound")
            self.repeats += 1
        else:
            self.ways *= ways**high * (high - low + 1)
            self.repeats += repeats * high
        if self.ways > _MAX_WAYS:
            raise re.error("in which too many choices compete")
        self.last = None


def _count(pattern: str) -> tuple[int, int]:
    """Return in how many ways a pattern may match, and its repeats at will."""
    levels = [_Level()]
    for token in _TOKEN.findall(pattern):
        level = levels[-1]
        bounds = _BOUNDS.fullmatch(token)
        if token in ("*", "+"):
            level.take(0, _MANY + 1)
        elif token == "?":
            level.take(0, 1)
        elif bounds:
            low, comma, high = bounds.groups()
            most = int(high) if high else (_MANY + 1 if comma else int(low))
            level.take(int(low), most)
        elif token.startswith("(?") and token.endswith(")"):
            continue
        elif token[0] == "(":
            level.take()
            levels.append(_Level())
        elif token == ")":
            level.take()
            levels.pop()
            ways = level.ways * level.alternatives
            levels[-1].take()
            levels[-1].last = (ways, level.repeats, True)
        else:
            level.take()
            if token == "|":
                level.alternatives += 1
            elif re.fullmatch(r"\\[1-9]", token):
                raise re.error("which refers back to a group")
            else:
                level.last = (1, 0, False)
    levels[0].take()
    return levels[0].ways * levels[0].alternatives, levels[0].repeats
