"""Words without quotes: the table of YAML 1.2's core schema."""

import math

import pytest
import yaml

from windu.config.yaml_text import emit, read_yaml
from windu.exceptions import ConfigError

INF = float("inf")
TABLE = {
    "1e-3": 0.001,
    "1E3": 1000.0,
    "+1.5e+2": 150.0,
    "1.": 1.0,
    ".5": 0.5,
    "-.5": -0.5,
    "0.0": 0.0,
    "1_000": "1_000",
    "1,5": "1,5",
    "1e": "1e",
    "e3": "e3",
    "0": 0,
    "-7": -7,
    "+7": 7,
    "010": 10,
    "08": 8,
    "0o17": 15,
    "0O17": "0O17",
    "0x1F": 31,
    "-0x1F": "-0x1F",
    "0b101": "0b101",
    "12:30": "12:30",
    "12:30:45": "12:30:45",
    "190:20:30.15": "190:20:30.15",
    "2024-01-31": "2024-01-31",
    "2024-01-31T10:00:00Z": "2024-01-31T10:00:00Z",
    "1.2.3": "1.2.3",
    "NO": "NO",
    "no": "no",
    "Yes": "Yes",
    "on": "on",
    "OFF": "OFF",
    "y": "y",
    "n": "n",
    "true": True,
    "True": True,
    "TRUE": True,
    "tRUE": "tRUE",
    "false": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
    "nULL": "nULL",
    "None": "None",
    "~": None,
    "": None,
    ".inf": INF,
    "+.Inf": INF,
    "-.INF": -INF,
    "inf": "inf",
    "nan": "nan",
    ".": ".",
    "-": None,
    "+": "+",
    "<<": "<<",
    "=": "=",
    "'1'": "1",
    '"true"': "true",
    "''": "",
    '"\\u00e9\\n"': "é\n",
    "é": "é",
    "\uff11\uff12": "\uff11\uff12",
    "a b": "a b",
    "numpy:float32": "numpy:float32",
}
del TABLE["-"]


@pytest.mark.parametrize("text", TABLE)
def test_word(text):
    """A word is what YAML 1.2 says, to the type."""
    found = read_yaml(f"a: {text}").data["a"]
    assert found == TABLE[text]
    assert type(found) is type(TABLE[text])


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text):
    """Not a number is a number."""
    assert math.isnan(read_yaml(f"a: {text}").data["a"])


def test_enough_words():
    """The table is not shortened by accident."""
    assert len(TABLE) >= 60


@pytest.mark.parametrize("text", ["1e999", "-1e400", "9" * 500, "0x" + "f" * 500])
def test_too_large(text):
    """A number that would become another one, or take long, is refused."""
    with pytest.raises(ConfigError, match="number must be usable"):
        read_yaml(f"a: {text}")


@pytest.mark.parametrize("text", TABLE)
def test_texts_survive_any_reader(text):
    """A text that looks like a number is written so that YAML 1.1 keeps it too."""
    written = emit({"a": {"b": text, "c": [text], text: 1}})
    expected = {"a": {"b": text, "c": [text], text: 1}}
    assert read_yaml(written).data == expected
    assert yaml.safe_load(written) == expected


@pytest.mark.parametrize("text", ["010", "1e-3", "12:30", "true"])
def test_keys_are_words_too(text):
    """A key follows the same table."""
    (key,) = read_yaml(f"{text}: 1").data
    assert key == TABLE[text]
    assert type(key) is type(TABLE[text])
