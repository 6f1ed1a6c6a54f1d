"""Signed manifests: with a key that the attacker does not have.

HMAC-SHA256 with one secret, or ed25519 with a pair of keys. The key decides which,
never the file.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from pathlib import Path

from windu.exceptions import IntegrityError, PersistenceError
from windu.persistence.ed25519 import is_pair, same_signature, signature_of

__all__ = ["check_signature", "key_of", "sign"]

_MIN_BYTES = 16
_VARIABLES = ("WINDU_KEY", "WINDU_KEY_FILE")


def key_of(key: bytes | str | Path | None) -> bytes | None:
    """Return the key to sign with, or None.

    Parameters
    ----------
    key : bytes, str, pathlib.Path or None
        The key itself, as bytes or text; a file that holds it; or None for that of the
        environment: ``WINDU_KEY``, or the file ``WINDU_KEY_FILE``. A text in PEM is a
        key of ed25519, private or public; any other is a secret.

    Returns
    -------
    bytes or None
        None where nobody gives one.

    Raises
    ------
    PersistenceError
        If the key has fewer than 16 bytes, or its file cannot be read.

    Examples
    --------
    >>> from windu.persistence.signature import key_of
    >>> key_of("a key of enough bytes")
    b'a key of enough bytes'
    """
    if key is None:
        text, file = (os.environ.get(name) for name in _VARIABLES)
        if not text and not file:
            return None
        key = text or Path(str(file))
    if isinstance(key, Path):
        try:
            key = key.read_bytes().strip()
        except OSError as error:
            raise PersistenceError(
                f"The file of the key must be readable. Got: {error}."
            ) from error
    data = key.encode() if isinstance(key, str) else bytes(key)
    if len(data) < _MIN_BYTES:
        raise PersistenceError(
            f"A key must have at least {_MIN_BYTES} bytes. Got {len(data)}. Make one: "
            'python -c "import secrets; print(secrets.token_hex(32))".'
        )
    return data


def sign(text: str, key: bytes) -> str:
    """Return the signature of a text, as hexadecimal digits.

    Parameters
    ----------
    text : str
        What to sign.
    key : bytes
        As from `key_of`.

    Returns
    -------
    str
        64 digits of HMAC-SHA256, or 128 of ed25519.

    Raises
    ------
    PersistenceError
        If the key is a public one.
    """
    if is_pair(key):
        return signature_of(text, key)
    return hmac.new(key, text.encode(), sha256).hexdigest()


def check_signature(
    signature: object, text: str, key: bytes, source: str = "the run"
) -> None:
    """Raise if a text is not signed with the key.

    Parameters
    ----------
    signature : str or None
        As `sign` gives it; anything else is none.
    text : str
        What was signed.
    key : bytes
        The key.
    source : str
        What it is called in messages.

    Raises
    ------
    IntegrityError
        Without a signature as well: a key asks for one.
    """
    signature_text = signature if isinstance(signature, str) else ""
    if is_pair(key):
        same = same_signature(signature_text, text, key)
    else:
        same = hmac.compare_digest(signature_text.encode(), sign(text, key).encode())
    if not same:
        raise IntegrityError(
            f"{source} must be signed with your key. Got "
            f"{'another signature' if signature_text else 'no signature'}. Use the key "
            "that it "
            "was saved with, or, if you trust its source, load it without a key."
        )
