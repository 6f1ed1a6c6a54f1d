"""The manifest of a run: what artifacts it has, and how their bytes are known again."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from windu.exceptions import IntegrityError, PersistenceError, VersionError
from windu.persistence.archives import json_depth
from windu.persistence.signature import check_signature, sign

__all__ = ["FORMAT", "MANIFEST", "MAX_MANIFEST", "Entry", "Manifest"]

#: The newest format that is read, and the one that is written.
FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST = 1024**2
_MAX_DEPTH = 64

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Signature = Annotated[str, Field(pattern=r"^([0-9a-f]{64}|[0-9a-f]{128})$")]
_Version = Annotated[
    str, Field(pattern=r"^[0-9]+(\.[0-9]+)*([.+-]?[A-Za-z0-9][A-Za-z0-9.+-]*)?$")
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Closed):
    """One artifact.

    Attributes
    ----------
    bytes : int
        Its size.
    sha256 : str
        The digest of its bytes.
    """

    bytes: Annotated[int, Field(ge=0)]
    sha256: _Sha256


class Manifest(_Closed):
    """What a run says of itself; written last.

    Attributes
    ----------
    format : int
        Number of the format.
    id : str
        Of the run; ids sort by time.
    created : str
        Date and time in UTC, ISO 8601.
    versions : dict of str to str
        The packages that predictions depend on.
    artifacts : dict of str to Entry
        By name.
    lineage : dict
        What the caller says of where the run comes from.
    digest : str
        SHA-256 of all the above, as JSON with sorted keys.
    signature : str or None
        Of the digest: HMAC-SHA256, or ed25519.
    """

    format: int
    id: _Name
    created: str
    versions: dict[_Name, _Version]
    artifacts: dict[_Name, Entry]
    lineage: dict[str, JsonValue]
    digest: _Sha256
    signature: _Signature | None = None

    @classmethod
    def of(
        cls,
        artifacts: Mapping[str, bytes],
        versions: dict[str, str],
        lineage: Mapping[str, Any] | None = None,
        key: bytes | None = None,
    ) -> Manifest:
        """Return the manifest of artifacts, signed if there is a key."""
        now = datetime.now(UTC)
        stated: dict[str, Any] = {
            "format": FORMAT,
            "id": f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            "created": now.isoformat(timespec="seconds"),
            "versions": versions,
            "artifacts": {
                name: {"bytes": len(data), "sha256": _sha256(data)}
                for name, data in artifacts.items()
            },
            "lineage": dict(lineage or {}),
        }
        digest = _sha256(_canonical(stated))
        signature = None if key is None else sign(digest, key)
        try:
            made = cls.model_validate(
                stated | {"digest": digest, "signature": signature}
            )
        except ValidationError as error:
            raise PersistenceError(
                f"What is said of a run must be plain JSON. Got: {error}."
            ) from error
        if len(made.to_bytes()) > MAX_MANIFEST:
            raise PersistenceError(
                f"A manifest holds at most {MAX_MANIFEST} bytes. Got more; put what is "
                "long into metrics or stats."
            )
        return made

    @classmethod
    def read(cls, data: bytes, where: str, key: bytes | None = None) -> Manifest:
        """Return the manifest that bytes hold.

        Raises
        ------
        IntegrityError
            If they are not just what windu writes, or not signed with the key.
        VersionError
            If a newer windu wrote them.
        """
        stated = _parsed(data, where)
        signature = stated.pop("signature", None)
        digest = stated.pop("digest", None)
        if digest != _sha256(_canonical(stated)):
            raise _damaged(where, "its digest is another")
        if key is not None:
            check_signature(signature, digest, key, where)
        number = stated.get("format")
        if isinstance(number, int) and number > FORMAT:
            raise VersionError(
                f"{where} must be of format {FORMAT} at most. Got {number}, which a "
                "newer windu wrote. Install that version."
            )
        try:
            made = cls.model_validate(
                stated | {"digest": digest, "signature": signature}
            )
        except ValidationError as error:
            raise _damaged(where, _first(error)) from error
        if number != FORMAT or made.to_bytes() != data:
            raise _damaged(where, "it is not written as windu writes")
        return made

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON text."""
        return _canonical(self.model_dump(), indent=1) + b"\n"

    def check(self, name: str, data: bytes | memoryview, where: str) -> None:
        """Raise an `IntegrityError` if the bytes of an artifact are others."""
        entry = self.artifacts[name]
        if len(data) != entry.bytes or _sha256(data) != entry.sha256:
            raise IntegrityError(
                f"The artifact {name!r} of {where} must have the bytes that its "
                "manifest names. Got others: it is damaged or was edited. Get a whole "
                "copy."
            )


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    if len(data) > MAX_MANIFEST or json_depth(data) > _MAX_DEPTH:
        raise _damaged(where, "it is too large or nested too deep")
    try:
        stated = json.loads(data)
        # Spaces, order and keys that stand twice are all seen by writing it again.
        same = _canonical(stated, indent=1) + b"\n" == data
    except (ValueError, RecursionError) as error:
        raise _damaged(where, str(error)) from error
    if not isinstance(stated, dict) or not same:
        raise _damaged(where, "it is not written as windu writes")
    return stated


def _canonical(stated: Mapping[str, Any], indent: int | None = None) -> bytes:
    try:
        text = json.dumps(stated, sort_keys=True, indent=indent, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PersistenceError(
            f"What is said of a run must be plain JSON. Got: {error}."
        ) from error
    return text.encode()


def _sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def _damaged(where: str, why: str) -> IntegrityError:
    return IntegrityError(
        f"The manifest of {where} must be as windu wrote it. Got another: {why}. It is "
        "damaged or was edited; get a whole copy."
    )


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return re.sub(r"\s+", " ", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
