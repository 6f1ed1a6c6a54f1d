"""JSON files with a digest of all that they state, and perhaps a signature.

A reader keeps fields that it does not know: a newer windu may add optional ones. What
an older windu must not pass over comes with another number (``format``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from windu.exceptions import IntegrityError, PersistenceError, VersionError
from windu.persistence.archives import json_depth
from windu.persistence.signature import check_signature

__all__ = [
    "canonical_json",
    "check_number",
    "damaged",
    "digest_of_fields",
    "read_sealed",
    "sha256_of",
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
    """Return the fields of a sealed file, as they are.

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
        # Spaces, order and keys that stand twice are all seen by writing it again.
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
    """Refuse the number of a format that only a newer windu knows.

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
    """Return the error for a file that is not as windu wrote it."""
    return IntegrityError(
        f"{source} must be as windu wrote it. Got another: {why}. It is damaged or was "
        "edited; get a whole copy."
    )
