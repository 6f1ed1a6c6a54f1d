"""The manifest of a run: what artifacts it has, and how their bytes are known again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from windu.exceptions import IntegrityError, PersistenceError
from windu.persistence.sealed import (
    canonical_json,
    check_number,
    damaged,
    digest_of_fields,
    read_sealed,
    sha256_of,
)
from windu.persistence.signature import sign

__all__ = ["FORMAT", "MANIFEST", "MAX_MANIFEST", "Entry", "Manifest"]

#: The newest format that is read, and the one that is written.
FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST = 1024**2

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Signature = Annotated[str, Field(pattern=r"^([0-9a-f]{64}|[0-9a-f]{128})$")]
_Version = Annotated[
    str, Field(pattern=r"^[0-9]+(\.[0-9]+)*([.+-]?[A-Za-z0-9][A-Za-z0-9.+-]*)?$")
]


class _Plain(BaseModel):
    # A newer windu may state more.
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class Entry(_Plain):
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


class Manifest(_Plain):
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
        fields: dict[str, Any] = {
            "format": FORMAT,
            "id": f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
            "created": now.isoformat(timespec="seconds"),
            "versions": versions,
            "artifacts": {
                name: {"bytes": len(data), "sha256": sha256_of(data)}
                for name, data in artifacts.items()
            },
            "lineage": dict(lineage or {}),
        }
        digest = digest_of_fields(fields)
        signature = None if key is None else sign(digest, key)
        try:
            manifest = cls.model_validate(
                fields | {"digest": digest, "signature": signature}
            )
        except ValidationError as error:
            raise PersistenceError(
                f"What is said of a run must be plain JSON. Got: {error}."
            ) from error
        if len(manifest.to_bytes()) > MAX_MANIFEST:
            raise PersistenceError(
                f"A manifest holds at most {MAX_MANIFEST} bytes. Got more; put what is "
                "long into metrics or stats."
            )
        return manifest

    @classmethod
    def read(cls, data: bytes, source: str, key: bytes | None = None) -> Manifest:
        """Return the manifest that bytes hold, with all fields that they state.

        Raises
        ------
        IntegrityError
            If they are damaged, or not signed with the key.
        VersionError
            If only a newer windu reads their format.
        """
        called = f"The manifest of {source}"
        fields = read_sealed(data, called, key, max_bytes=MAX_MANIFEST, indent=1)
        check_number(fields.get("format"), FORMAT, source)
        try:
            return _READERS[fields["format"]](fields)
        except ValidationError as error:
            raise damaged(called, _first(error)) from error

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON text."""
        return canonical_json(self.model_dump(), indent=1)

    def check(self, name: str, data: bytes | memoryview, source: str) -> None:
        """Raise an `IntegrityError` if the bytes of an artifact are others."""
        entry = self.artifacts[name]
        if len(data) != entry.bytes or sha256_of(data) != entry.sha256:
            raise IntegrityError(
                f"The artifact {name!r} of {source} must have the bytes that its "
                "manifest names. Got others: it is damaged or was edited. Get a whole "
                "copy."
            )


#: What makes a manifest of the fields of each number, also of the numbers of old.
_READERS: dict[int, Callable[[dict[str, Any]], Manifest]] = {1: Manifest.model_validate}


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return re.sub(r"\s+", " ", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
