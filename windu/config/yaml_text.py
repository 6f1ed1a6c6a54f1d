"""YAML text to plain data with the position of each value, and back.

PyYAML only cuts the text in events here: with its constructors it reads ``NO`` as
false, takes aliases and tags, and the last of two equal keys; its C parser crashes on
deep nesting. So its Python parser is used, and stopped early.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from windu.exceptions import ConfigError

__all__ = [
    "FLOAT",
    "INT",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "Document",
    "Path",
    "dotted",
    "emit",
    "read_scalar",
    "read_yaml",
    "short",
]

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

#: Longest number; parsing time grows with the square of the length.
_MAX_DIGITS = 400


def read_scalar(text: str) -> bool | int | float | str | None:
    """Return the value of an unquoted word.

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
    >>> from windu.config.yaml_text import read_scalar
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


#: What a text may have at most; the parser takes about a second for so many nodes, of
#: which a key is one and its value another.
MAX_BYTES = 1_000_000
MAX_NODES = 40_000
MAX_DEPTH = 64

#: Line breaks of YAML 1.1 and PyYAML that are plain characters in YAML 1.2, and a byte
#: order mark inside the text.
_UNCLEAR = re.compile("[\x85\u2028\u2029]|(?!\\A)\ufeff")

#: Keys and positions from the top of a document to a value.
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Document:
    """Plain data with positions.

    Attributes
    ----------
    data : object
        None, bool, int, float, str, and lists and dicts of them.
    name : str or None
        The file.
    values, keys : dict of tuple to (int, int)
        Line and column, from 1, of values and of keys, by path.
    """

    data: Any
    name: str | None
    values: dict[Path, tuple[int, int]]
    keys: dict[Path, tuple[int, int]]

    def error(self, path: Path, message: str, *, at_key: bool = False) -> ConfigError:
        """Return an error about a value, or about its key.

        Parameters
        ----------
        path : tuple
            To the value; where there is none, the place of what is above is told.
        message : str
            What must hold, what was got, what to do.
        at_key : bool, default=False
            Whether it is about the key.

        Returns
        -------
        ConfigError
            To be raised.
        """
        marks = self.keys if at_key and path in self.keys else self.values
        existing = path
        while existing not in marks:
            existing = existing[:-1]
        return ConfigError(message, self.name, *marks[existing], key=dotted(path))


def dotted(path: Path) -> str:
    """Return a path as text: ``estimator.model.alphas[2]``."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return "".join(parts).removeprefix(".")


def short(value: Any) -> str:
    """Return a value as one line of text."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_yaml(text: str, name: str | None = None) -> Document:
    """Return the plain data of one YAML document.

    Parameters
    ----------
    text : str
        One document, without anchors, aliases, tags and equal keys.
    name : str, default=None
        The file, for messages.

    Returns
    -------
    Document
        Data and places.

    Raises
    ------
    ConfigError
        With the place.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError(
            f"A configuration must have at most {MAX_BYTES} characters. Got "
            f"{len(text)}. Keep data in files of its own.",
            name,
        )
    if unclear := _UNCLEAR.search(text):
        raise _character(text, unclear.start(), name)
    return _Composer(text, name).document()


class _Composer:
    """Events of the parser to data, in one pass."""

    def __init__(self, text: str, name: str | None):
        self.name = name
        self.values: dict[Path, tuple[int, int]] = {}
        self.keys: dict[Path, tuple[int, int]] = {}
        self.events = self._events(text)

    def document(self) -> Document:
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise ConfigError("A configuration must not be empty.", self.name, 1, 1)
        if start.tags or start.version not in (None, (1, 2)):
            raise self._error(start, "Directives other than %YAML 1.2 are refused.")
        data = self._value(next(self.events), ())
        next(self.events)
        end = next(self.events)
        if not isinstance(end, yaml.StreamEndEvent):
            raise self._error(end, "A file must hold one document. Got another one.")
        return Document(data, self.name, self.values, self.keys)

    def _error(self, event: Any, message: str) -> ConfigError:
        return ConfigError(message, self.name, *_place(event.start_mark))

    def _events(self, text: str) -> Iterator[Any]:
        """Yield the events of the parser; its errors become a ConfigError."""
        try:
            yield from yaml.parse(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (None, None) if mark is None else _place(mark)
            raise ConfigError(_in_words(error), self.name, *place) from None
        except yaml.reader.ReaderError as error:
            raise _character(text, error.position, self.name) from None
        except ValueError as error:
            # Such as an escape that stands for no character.
            before = next(reversed(self.values.values()), (1, 1))
            reason = f"This is no YAML: {error}. It stands after this place."
            raise ConfigError(reason, self.name, *before) from None

    def _value(self, event: Any, path: Path) -> Any:
        self.values[path] = _place(event.start_mark)
        self._check(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                items.append(self._value(event, (*path, len(items))))
            return items
        mapping: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path, mapping)
            self.keys[(*path, key)] = _place(event.start_mark)
            mapping[key] = self._value(next(self.events), (*path, key))
        return mapping

    def _key(self, event: Any, path: Path, mapping: dict[Any, Any]) -> Any:
        self._check(event, path)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "A key must be a text or a number.")
        key = self._scalar(event)
        if key != key:
            raise self._error(event, "A key must not be .nan, which equals nothing.")
        if key in mapping:
            mark = self.keys[(*path, key)]
            raise self._error(
                event,
                f"A key must stand once. Got {event.value!r} again, first in line "
                f"{mark[0]}. Delete one.",
            )
        if key == "trusted":
            raise self._error(
                event,
                "A configuration cannot say what is trusted. Delete the key 'trusted'; "
                "what may be imported is said in code, with from_yaml(..., allow=...).",
            )
        return key

    def _scalar(self, event: Any) -> Any:
        # In quotes, or as a block, it is a text.
        if not event.implicit[0]:
            return event.value
        try:
            return read_scalar(event.value)
        except ValueError as error:
            raise self._error(event, f"A number must be usable. Got {error}.") from None

    def _check(self, event: Any, path: Path) -> None:
        """Raise for expensive or dangerous content before it is composed."""
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._error(
                event,
                "Anchors (&) and aliases (*) are refused. Write the value out, or put "
                "a text that starts so in quotes.",
            )
        if event.tag is not None:
            raise self._error(
                event,
                f"Tags are refused. Got {event.tag!r}. Delete it; quotes make a text.",
            )
        if len(path) > MAX_DEPTH:
            raise self._error(event, f"Nesting must not be deeper than {MAX_DEPTH}.")
        if len(self.values) + len(self.keys) > MAX_NODES:
            raise self._error(
                event,
                f"A configuration must have at most {MAX_NODES} keys and values. Keep "
                "data in files of its own.",
            )


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _character(text: str, position: int, name: str | None) -> ConfigError:
    before = text[:position]
    return ConfigError(
        f"A configuration must be plain text. Got the character U+"
        f"{ord(text[position]):04X}. Delete it, or write it as an escape in double "
        'quotes, "\\u....".',
        *(name, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1),
    )


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be read"
    if "'\\t'" in problem:
        return "Lines must be indented with spaces. Got a tab. Write two spaces."
    hint = ""
    if "mapping values are not allowed" in problem:
        hint = " A text with ': ' needs quotes; or the line is indented too far."
    elif "<block end>" in problem or "could not find expected ':'" in problem:
        hint = " Look at the indentation, and for a missing ':' or quote."
    elif "anchor" in problem or "alias" in problem:
        hint = " Anchors and aliases are refused; put a text that starts so in quotes."
    return f"This is no YAML: {problem}.{hint}"


_TEXT = "tag:yaml.org,2002:str"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_BOOL = "tag:yaml.org,2002:bool"
_NULL = "tag:yaml.org,2002:null"

#: YAML 1.1, in which ``NO`` and ``12:30`` are no texts.
_OLD = yaml.resolver.Resolver()


class _Dumper(yaml.SafeDumper):
    """Writes numbers as YAML 1.2 has them."""

    # Words are resolved here, not by the tables of YAML 1.1.
    yaml_implicit_resolvers: dict[Any, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated objects in full."""
        return True


def _word(dumper: _Dumper, value: Any) -> yaml.ScalarNode:
    words = {None: "null", True: "true", False: "false"}
    return dumper.represent_scalar(_NULL if value is None else _BOOL, words[value])


def _float(dumper: _Dumper, value: float) -> yaml.ScalarNode:
    if math.isnan(value):
        return dumper.represent_scalar(_FLOAT, ".nan")
    text = repr(value).replace("inf", ".inf")
    return dumper.represent_scalar(_FLOAT, text)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    try:
        is_word = not isinstance(read_scalar(value), str)
    except ValueError:
        is_word = True
    old = _OLD.resolve(yaml.ScalarNode, value, (True, False)) != _TEXT
    style = "'" if is_word or old else None
    if not value.replace("\n", "").isprintable():
        style = '"'
    return dumper.represent_scalar(_TEXT, value, style=style)


_Dumper.add_representer(type(None), _word)
_Dumper.add_representer(bool, _word)
_Dumper.add_representer(float, _float)
_Dumper.add_representer(str, _text)

for _tag, _pattern, _first in (
    (_INT, INT.pattern, "-+0123456789"),
    (_FLOAT, rf"{FLOAT.pattern}|-?\.inf|\.nan", "-+.0123456789"),
    (_BOOL, "true|false", "tf"),
    (_NULL, "null", "n"),
):
    _Dumper.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))


def emit(data: dict[str, dict[str, Any]]) -> str:
    """Return sections as YAML text: sections as blocks, short collections in a line.

    Parameters
    ----------
    data : dict of str to dict
        Plain data.

    Returns
    -------
    str
        Ends with a line break.

    Examples
    --------
    >>> from windu.config.yaml_text import emit
    >>> print(emit({"estimator": {"task": "binary", "model": {"SVC": {"C": 1e-05}}}}))
    estimator:
      task: binary
      model:
        SVC: {C: 1e-05}
    <BLANKLINE>
    """
    dumper = _Dumper(io.StringIO(), default_flow_style=None, sort_keys=False)
    node: Any = dumper.represent_data(data)
    node.flow_style = False
    for _, section in node.value:
        section.flow_style = not section.value
    return yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=88)
