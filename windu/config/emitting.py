"""Plain data to YAML text that reads the same in every version of YAML."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import yaml

from windu.config.scalars import FLOAT, INT, read_scalar

__all__ = ["emit"]

_TEXT = "tag:yaml.org,2002:str"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_BOOL = "tag:yaml.org,2002:bool"
_NULL = "tag:yaml.org,2002:null"

#: YAML 1.1, in which ``NO`` and ``12:30`` are no texts.
_OLD = yaml.resolver.Resolver()


class _Dumper(yaml.SafeDumper):
    """Writes numbers as YAML 1.2 has them."""

    # What a word stands for is decided here alone, not by the tables of YAML 1.1.
    yaml_implicit_resolvers: dict[Any, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        """Write an object that stands twice out twice."""
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
    >>> from windu.config.emitting import emit
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
