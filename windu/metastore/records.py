"""The small files beside the runs: versions, aliases, marks. Sealed like manifests."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from windu.persistence.manifest import (
    canonical_json,
    check_number,
    damaged,
    digest_of_fields,
    read_sealed,
)
from windu.persistence.signature import sign

__all__ = [
    "MAX_RECORD",
    "AliasRecord",
    "DeletedRecord",
    "MirrorRecord",
    "Record",
    "VersionRecord",
]

#: The newest format of records that is read, and the one that is written.
FORMAT = 1
#: A record has at most so many bytes.
MAX_RECORD = 16_384

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Number = Annotated[int, Field(ge=1, lt=10**9)]


class Record(BaseModel):
    """What a record is: plain data, with a digest and, if there is a key, signed.

    The digest tells accidents; the signature covers every field, so that a record
    signed for one place or run is of no use for another.
    """

    # A newer windu may state more.
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
    """Which run a version of a name is. Made once, never changed."""

    kind: Literal["version"] = "version"
    name: _Name
    version: _Number
    run: _Name
    manifest: _Sha256


class AliasRecord(Record):
    """Which version of a name an alias is; none once it was removed."""

    kind: Literal["alias"] = "alias"
    name: _Name
    alias: _Name
    version: _Number | None


class DeletedRecord(Record):
    """That a run was deleted, so that no mirror brings it back."""

    kind: Literal["deleted"] = "deleted"
    run: _Name


class MirrorRecord(Record):
    """That a target is the mirror of another, which gives the versions."""

    kind: Literal["mirror"] = "mirror"
