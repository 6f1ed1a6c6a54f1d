"""Keys and records of versions, aliases, mirrors and deleted runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from windu.exceptions import MetastoreError
from windu.persistence.format.manifest import (
    canonical_json,
    check_number,
    damaged,
    digest_of_fields,
    read_sealed,
)
from windu.persistence.format.signature import sign

__all__ = [
    "LATEST",
    "MAX_RECORD",
    "AliasRecord",
    "DeletedRecord",
    "MirrorRecord",
    "Record",
    "Reference",
    "VersionRecord",
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

#: No leading dot, which excludes parent folders and hidden files.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Reference:
    """A reference to a run: ``credit@3``, ``credit@production``, ``credit``.

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
    """Return the name of a model; raise if it is not valid.

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
    """Return an alias; raise if it is not valid.

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
    """Tell whether every part of a key is a valid name."""
    return all(map(_NAME.fullmatch, key.split("/")))


def check_key(key: str) -> str:
    """Return a key; raise if it is not valid.

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


#: The newest format of records that is read, and the one that is written.
FORMAT = 1
#: Largest size of a record in bytes.
MAX_RECORD = 16_384

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Number = Annotated[int, Field(ge=1, lt=10**9)]


class Record(BaseModel):
    """Base of records: plain data with a digest and, if there is a key, a signature.

    The digest tells accidents; the signature covers every field, so that a record
    signed for one place or run is of no use for another.
    """

    # A newer windu may add fields.
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    format: int = FORMAT
    time: Annotated[str, Field(max_length=40)]

    def to_bytes(self, key: bytes | None = None) -> bytes:
        """Return the record as JSON text, signed if there is a key."""
        fields = self.model_dump()
        digest = digest_of_fields(fields)
        seal = {"digest": digest, "signature": sign(digest, key) if key else None}
        return canonical_json(fields | seal)

    @classmethod
    def of_bytes(cls, data: bytes, place: str, key: bytes | None = None) -> Self:
        """Return the record that bytes hold.

        Parameters
        ----------
        data : bytes
            As `to_bytes` gives them.
        place : str
            What they are called in messages.
        key : bytes, default=None
            The key that they must be signed with.

        Returns
        -------
        Record
            The record.

        Raises
        ------
        IntegrityError
            If a byte is another, or the signature is missing or of another key.
        """
        fields = read_sealed(data, place, key, max_bytes=MAX_RECORD)
        check_number(fields.get("format"), FORMAT, place)
        del fields["digest"]
        fields.pop("signature", None)
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise damaged(place, str(error.errors()[0]["msg"])) from error


class VersionRecord(Record):
    """The run of a version. Written once, never changed."""

    kind: Literal["version"] = "version"
    name: _Name
    version: _Number
    run: _Name
    manifest: _Sha256


class AliasRecord(Record):
    """The version of an alias; None once it was removed."""

    kind: Literal["alias"] = "alias"
    name: _Name
    alias: _Name
    version: _Number | None


class DeletedRecord(Record):
    """Marks a deleted run, so that no mirror restores it."""

    kind: Literal["deleted"] = "deleted"
    run: _Name


class MirrorRecord(Record):
    """Marks a target as a mirror of another one."""

    kind: Literal["mirror"] = "mirror"
