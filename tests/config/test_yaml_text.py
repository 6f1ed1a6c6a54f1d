"""YAML text: places, and everything hostile refused before it costs anything."""

import time

import pytest

from windu.config import from_yaml
from windu.config.yaml_text import MAX_BYTES, MAX_DEPTH, read_yaml
from windu.exceptions import ConfigError

#: Text, what is said of it, line and column.
REFUSED = {
    "empty": ("", "must not be empty", 1, 1),
    "comment": ("# nothing\n", "must not be empty", 1, 1),
    "anchor": ("a: &x 1\n", "Anchors", 1, 4),
    "alias": ("a: 1\nb: *x\n", "Anchors", 2, 4),
    "anchored key": ("&x a: 1\n", "Anchors", 1, 1),
    "merge": ("a: &x {b: 1}\nc: {<<: *x}\n", "Anchors", 1, 4),
    "python tag": ("a: !!python/object/apply:os.system [x]", "Tags", 1, 4),
    "python name": ("a: !!python/name:os.system ''", "Tags", 1, 4),
    "plain tag": ("a: !!str 1\n", "Tags", 1, 4),
    "own tag": ("a: !mine 1\n", "Tags", 1, 4),
    "bare tag": ("a: ! 1\n", "Tags", 1, 4),
    "tagged key": ("!!str a: 1\n", "Tags", 1, 1),
    "equal keys": ("a: 1\nb: 2\na: 3\n", "again, first in line 1", 3, 1),
    "equal numbers": ("{1: 2, 1.0: 3}", "must stand once", 1, 8),
    "equal to true": ("{1: 2, true: 3}", "must stand once", 1, 8),
    "inner equal keys": ("a:\n  b: 1\n  'b': 2\n", "must stand once", 3, 3),
    "list as key": ("{[1]: 2}", "must be a text or a number", 1, 2),
    "mapping as key": ("? {a: 1}\n: 2\n", "must be a text or a number", 1, 3),
    "nan as key": (".nan: 1\n", "equals nothing", 1, 1),
    "two documents": ("a: 1\n---\nb: 2\n", "one document", 2, 1),
    "directive": ("%YAML 1.1\n---\na: 1\n", "Directives", 1, 1),
    "tag directive": ("%TAG ! tag:x,2000:\n---\na: 1\n", "Directives", 1, 1),
    "tab": ("a:\n\tb: 1\n", "Got a tab", 2, 1),
    "indentation": ("a: 1\n  b: 2\n", "indented too far", 2, 4),
    "quote": ("a: 'b\n", "no YAML", 2, 1),
    "bracket": ("a: [1\n", "no YAML", 2, 1),
    "nul": ("a: 1\nb: \0\n", r"U\+0000", 2, 4),
    "bell": ("a: \a\n", r"U\+0007", 1, 4),
    "line separator": ("a: b\u2028c\n", r"U\+2028", 1, 5),
    "next line": ("a: b\x85c\n", r"U\+0085", 1, 5),
    "inner mark": ("a: 1\nb: \ufeff2\n", r"U\+FEFF", 2, 4),
    "no character": ('a: "\\U00110000"\n', "no YAML", 1, 1),
    "at sign": ("a: @b\n", "no YAML", 1, 4),
    "trusted": ("a:\n  - {trusted: [os.system]}\n", "what is trusted", 2, 6),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    """With the line and the column, counted from 1."""
    text, said, line, column = REFUSED[name]
    with pytest.raises(ConfigError, match=said) as raised:
        read_yaml(text)
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_a_configuration(name):
    """`from_yaml` takes the same way."""
    with pytest.raises(ConfigError):
        from_yaml(REFUSED[name][0])


BOMBS = {
    "a list": "[" + "1," * (MAX_BYTES // 2 - 1) + "]",
    "lines": "- 1\n" * (MAX_BYTES // 4),
    "keys": "".join(f"k{i}: 1\n" for i in range(90_000)),
    "one word": "a: " + "x" * (MAX_BYTES - 3),
    "words": "a: " + "x " * (MAX_BYTES // 2 - 3),
    "escapes": 'a: "' + "\\x41" * (MAX_BYTES // 4 - 2) + '"',
    "one block": "a: |\n" + " x\n" * (MAX_BYTES // 3 - 3),
    "breaks": "\n" * (MAX_BYTES - 4) + "a: 1",
    "comments": "#\n" * (MAX_BYTES // 2 - 4),
    "spaces": " " * MAX_BYTES,
    "open lists": "[" * MAX_BYTES,
    "open mappings": "{a: " * (MAX_BYTES // 4),
    "open lines": "- " * (MAX_BYTES // 2),
    "open keys": "? " * (MAX_BYTES // 2),
    "tags": "!" * MAX_BYTES,
    "anchor": "&" + "a" * (MAX_BYTES - 1),
    "digits": "a: " + "9" * (MAX_BYTES - 3),
    "aliases": "a: &a [1]\n" + "".join(f"b{i}: [*a, *a]\n" for i in range(60_000)),
    "too long": "#" * (MAX_BYTES + 1),
    "far too long": "a: 1\n" * 20_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name):
    """A megabyte is read or refused in less than three seconds."""
    start = time.process_time()
    with pytest.raises(ConfigError):
        from_yaml(BOMBS[name])
    assert time.process_time() - start < 3


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_depth(opening):
    """Nesting is allowed up to the bound and refused behind it."""
    closing = {"[": "]", "{a: ": "}"}[opening]
    read_yaml(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    with pytest.raises(ConfigError, match="deeper than"):
        read_yaml(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1))


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_breaks_and_byte_order_mark(line_break, mark, tmp_path):
    """Files from any editor are read, and places are right."""
    text = mark + line_break.join(["estimator:", "  task: binary", ""])
    assert from_yaml(text).task == "binary"
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode())
    assert from_yaml(path).task == "binary"
    with pytest.raises(ConfigError) as raised:
        from_yaml(text.replace("binary", "binari"))
    assert (raised.value.line, raised.value.column) == (2, 9)


def test_json_is_yaml():
    """What a program wrote as JSON is read."""
    assert from_yaml('{"estimator": {"random_state": 3}}').random_state == 3


def test_yaml_1_2_may_be_said():
    """The directive of the version that is read anyway."""
    assert (
        from_yaml("%YAML 1.2\n---\nestimator: {task: binary}\n...\n").task == "binary"
    )
