"""The manifest of a run: artifacts, versions, digests, and how they are sealed."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from windu.estimator.digests import MODULES, versions
from windu.exceptions import IntegrityError, PersistenceError, VersionError
from windu.persistence.format.container import json_depth
from windu.persistence.format.signature import check_signature, sign

__all__ = [
    "FORMAT",
    "MANIFEST",
    "MAX_MANIFEST",
    "Entry",
    "Manifest",
    "canonical_json",
    "changed",
    "check_number",
    "damaged",
    "describe",
    "digest_of_fields",
    "read_sealed",
    "sha256_of",
    "versions",
]

_MAX_DEPTH = 64


def canonical_json(fields: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return fields as JSON text with sorted keys.

    Parameters
    ----------
    fields : mapping of str to object
        Plain JSON.
    indent : int, default=None
        As in `json.dumps`; with one, a line break ends the text.

    Returns
    -------
    bytes
        The only text that `read_sealed` takes for these fields.

    Raises
    ------
    PersistenceError
        If something is no plain JSON.
    """
    try:
        text = json.dumps(fields, sort_keys=True, indent=indent, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PersistenceError(
            f"What is said of a run must be plain JSON. Got: {error}."
        ) from error
    return text.encode() + (b"" if indent is None else b"\n")


def digest_of_fields(fields: Mapping[str, Any]) -> str:
    """Return the SHA-256 of fields, which all but digest and signature are."""
    return sha256_of(canonical_json(fields))


def sha256_of(data: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_sealed(
    data: bytes,
    source: str,
    key: bytes | None = None,
    *,
    max_bytes: int,
    indent: int | None = None,
) -> dict[str, Any]:
    """Return the fields of a sealed file, unchanged.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        What it is called in messages.
    key : bytes, default=None
        It must be signed with this key.
    max_bytes : int
        A longer file is refused.
    indent : int, default=None
        As the file is written.

    Returns
    -------
    dict of str to object
        Also fields that nobody here knows, digest and signature.

    Raises
    ------
    IntegrityError
        If the digest is not that of the fields, the text is not the canonical one (so
        that no other reader sees other fields), or the signature is not of the key.
    """
    if len(data) > max_bytes or json_depth(data) > _MAX_DEPTH:
        raise damaged(source, "it is too large or nested too deep")
    try:
        sealed = json.loads(data)
        # Writing it again reveals other spacing, another order and duplicate keys.
        same = canonical_json(sealed, indent) == data
    except (ValueError, RecursionError, PersistenceError) as error:
        raise damaged(source, str(error)) from error
    if not isinstance(sealed, dict) or not same:
        raise damaged(source, "it is not written as windu writes")
    fields = {
        name: value
        for name, value in sealed.items()
        if name not in ("digest", "signature")
    }
    if sealed.get("digest") != digest_of_fields(fields):
        raise damaged(source, "its digest is another")
    if key is not None:
        check_signature(sealed.get("signature"), sealed["digest"], key, source)
    return sealed


def check_number(number: Any, newest: int, source: str) -> None:
    """Raise for a format number that is newer than this windu.

    Parameters
    ----------
    number : object
        The field ``format`` of a file.
    newest : int
        The newest number that is read.
    source : str
        What the file is called in messages.

    Raises
    ------
    VersionError
        For a larger number.
    IntegrityError
        For what is no number of a format.
    """
    if type(number) is not int or number < 1:
        raise damaged(source, f"its format is {number!r}")
    if number > newest:
        raise VersionError(
            f"{source} must be of format {newest} at most. Got {number}, which a newer "
            "windu wrote. Install that version."
        )


def damaged(source: str, why: str) -> IntegrityError:
    """Return the error for a damaged file."""
    return IntegrityError(
        f"{source} must be as windu wrote it. Got another: {why}. It is damaged or was "
        "edited; get a whole copy."
    )


def changed(saved: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the packages whose version has changed.

    Parameters
    ----------
    saved : mapping of str to str
        As `versions` gave it.

    Returns
    -------
    dict of str to tuple of str
        The version then and now; ``"none"`` for what is not imported.
    """
    now = versions(name for name in saved if name not in MODULES)
    return {
        package: (saved_version, now.get(package, "none"))
        for package, saved_version in saved.items()
        if now.get(package) != saved_version
    }


def describe() -> dict[str, Any]:
    """Return Python, the machine and every installed package, as plain data."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(_packages()),
    }


@cache
def _packages() -> dict[str, str]:
    # Reading the metadata of hundreds of packages dominates the time of a save.
    metadata = [distribution.metadata for distribution in distributions()]
    return dict(sorted([(package["Name"], package["Version"]) for package in metadata]))


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
    # A newer windu may add fields.
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
    """The manifest of a run, which is written last.

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
        data = manifest.to_bytes()
        if len(data) > MAX_MANIFEST or json_depth(data) > _MAX_DEPTH:
            raise PersistenceError(
                f"A manifest holds at most {MAX_MANIFEST} bytes, nested at most "
                f"{_MAX_DEPTH} deep. Got more; put what is long into metrics or stats."
            )
        return manifest

    @classmethod
    def read(cls, data: bytes, source: str, key: bytes | None = None) -> Manifest:
        """Read a manifest, with all of its fields.

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
        """Raise an `IntegrityError` unless an artifact has its digest."""
        entry = self.artifacts[name]
        if len(data) != entry.bytes or sha256_of(data) != entry.sha256:
            raise IntegrityError(
                f"The artifact {name!r} of {source} must have the bytes that its "
                "manifest names. Got others: it is damaged or was edited. Get a whole "
                "copy."
            )


#: Readers of manifests by format number, for all numbers so far.
_READERS: dict[int, Callable[[dict[str, Any]], Manifest]] = {1: Manifest.model_validate}


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return re.sub(r"\s+", " ", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
