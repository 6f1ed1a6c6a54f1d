"""Names, versions, aliases and keys: what may stand in one, and how one is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from windu.exceptions import MetastoreError

__all__ = [
    "LATEST",
    "Reference",
    "alias_key",
    "check_alias",
    "check_key",
    "check_name",
    "deleted_key",
    "is_key",
    "read_reference",
    "run_folder",
    "version_key",
    "version_of_key",
]

LATEST = "latest"

#: No leading dot, so that no folder up and no hidden file is ever meant.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Reference:
    """What a user wrote for a run: ``credit@3``, ``credit@production``, ``credit``.

    Attributes
    ----------
    name : str
        The name, or the id of a run.
    version : int or None
        The version, where a number was given.
    alias : str or None
        The alias, where one was given. With neither, the latest version is meant.
    bare : bool
        Whether nothing but the name was given, so that it can be the id of a run.
    """

    name: str
    version: int | None = None
    alias: str | None = None
    bare: bool = False


def read_reference(text: str) -> Reference:
    """Return the parts of a reference.

    Parameters
    ----------
    text : str
        ``name``, ``name@version``, ``name@alias``, ``name@latest``, or the id of a run.

    Returns
    -------
    Reference
        Its parts, each of them safe to be used in a key.

    Raises
    ------
    MetastoreError
        For anything else.
    """
    if not isinstance(text, str):
        raise MetastoreError(
            "A run is named by a text such as 'credit@3', 'credit@production' or "
            f"'credit'. Got {text!r:.200}."
        )
    name, at, version_text = text.partition("@")
    check_name(name)
    if not at or version_text == LATEST:
        return Reference(name, bare=not at)
    if _VERSION.fullmatch(version_text):
        return Reference(name, version=int(version_text))
    return Reference(name, alias=check_alias(version_text))


def check_name(name: str, kind: str = "A name") -> str:
    """Return a name of a model, if it is one.

    Parameters
    ----------
    name : str
        What was given.
    kind : str, default="A name"
        What it is the name of, for the message.

    Returns
    -------
    str
        The name.

    Raises
    ------
    MetastoreError
        For another form.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise MetastoreError(
            f"{kind} must be 1 to 100 of the characters A-Z a-z 0-9 . _ - and not "
            f"start with a dot. Got {name!r:.200}. Choose another."
        )
    return name


def check_alias(alias: str) -> str:
    """Return an alias, if it is one.

    Parameters
    ----------
    alias : str
        What was given.

    Returns
    -------
    str
        The alias.

    Raises
    ------
    MetastoreError
        For another form, a number, or ``latest``.
    """
    check_name(alias, "An alias")
    if alias == LATEST or re.fullmatch("[0-9]+", alias):
        raise MetastoreError(
            f"An alias must not be a number or {LATEST!r}, which mean versions. Got "
            f"{alias!r}. Choose another, for instance 'production'."
        )
    return alias


def is_key(key: str) -> bool:
    """Tell whether every part of a key is a name, so that it stays in its target."""
    return all(map(_NAME.fullmatch, key.split("/")))


def check_key(key: str) -> str:
    """Return a key, if it is one.

    Parameters
    ----------
    key : str
        Names with ``/`` between them.

    Returns
    -------
    str
        The key.

    Raises
    ------
    MetastoreError
        For anything that could mean a place outside its target.
    """
    if not is_key(key):
        raise MetastoreError(
            "What a metastore reads and writes must be named by letters, digits and "
            f". _ - alone. Got {key!r:.200}. It was edited; get a whole copy."
        )
    return key


def run_folder(run: str) -> str:
    """Return the folder of a run."""
    return f"runs/{check_name(run, 'The id of a run')}"


def version_key(name: str, version: int) -> str:
    """Return the key of the record of a version."""
    return f"names/{check_name(name)}/{version}.json"


def version_of_key(key: str) -> tuple[str, int] | None:
    """Return the name and the version that the key of a record says."""
    parts = key.removesuffix(".json").split("/")
    if not key.endswith(".json") or len(parts) != 3 or parts[0] != "names":
        return None
    if not _NAME.fullmatch(parts[1]) or not _VERSION.fullmatch(parts[2]):
        return None
    return parts[1], int(parts[2])


def alias_key(name: str, alias: str) -> str:
    """Return the key of an alias."""
    return f"aliases/{check_name(name)}/{check_alias(alias)}.json"


def deleted_key(run: str) -> str:
    """Return the key of the mark of a deleted run."""
    return f"deleted/{check_name(run, 'The id of a run')}.json"
