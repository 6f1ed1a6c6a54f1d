"""The small files beside the runs: versions, aliases, marks. Sealed like manifests."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from windu.exceptions import IntegrityError
from windu.persistence.signature import check_signature, sign

__all__ = [
    "MAX_RECORD",
    "AliasRecord",
    "DeletedRecord",
    "MirrorRecord",
    "PendingRecord",
    "Record",
    "VersionRecord",
]

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

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    time: Annotated[str, Field(max_length=40)]

    def to_bytes(self, key: bytes | None = None) -> bytes:
        """Return the record as JSON text, signed if there is a key."""
        stated = self.model_dump()
        digest = hashlib.sha256(_canonical(stated)).hexdigest()
        seal = {"digest": digest, "signature": sign(digest, key) if key else None}
        return _canonical(stated | seal)

    @classmethod
    def of_bytes(cls, data: bytes, where: str, key: bytes | None = None) -> Self:
        """Return the record that bytes hold.

        Parameters
        ----------
        data : bytes
            As `to_bytes` gives them.
        where : str
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
        try:
            stated = json.loads(data)
            signature, digest = stated.pop("signature"), stated.pop("digest")
            made = cls.model_validate(stated)
            good = hashlib.sha256(_canonical(stated)).hexdigest() == digest
            seal = {"digest": digest, "signature": signature}
            # Spaces, order and keys that stand twice are seen by writing it again.
            good = good and _canonical(stated | seal) == data
        except (ValueError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(where) from error
        if not good:
            raise _damaged(where)
        if key is not None:
            check_signature(signature, digest, key, where)
        return made


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


class PendingRecord(Record):
    """That a run waits for its version, since the first target was not there."""

    kind: Literal["pending"] = "pending"
    name: _Name
    alias: _Name | None
    run: _Name
    manifest: _Sha256


class MirrorRecord(Record):
    """That a target is the mirror of another, which gives the versions."""

    kind: Literal["mirror"] = "mirror"


def _canonical(stated: dict[str, Any]) -> bytes:
    return json.dumps(stated, sort_keys=True).encode()


def _damaged(where: str) -> IntegrityError:
    return IntegrityError(
        f"{where} must be as windu wrote it. Got something else: it is damaged or was "
        "edited. Get a whole copy, or repair the store from a mirror."
    )
