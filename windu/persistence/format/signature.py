"""Signatures of manifests.

HMAC-SHA256 with one secret, or ed25519 with a pair of keys. The key decides which,
never the file.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from windu.exceptions import IntegrityError, MissingLibraryError, PersistenceError

__all__ = [
    "check_signature",
    "is_pair",
    "key_of",
    "same_signature",
    "sign",
    "signature_of",
]

_PEM = b"-----BEGIN "


def is_pair(key: bytes) -> bool:
    """Tell whether a key is part of a key pair in PEM, not a shared secret.

    Parameters
    ----------
    key : bytes
        As `windu.persistence.format.signature.key_of` gives it.

    Returns
    -------
    bool
        What is read as PEM is never a secret of HMAC: the public key is no secret.

    Examples
    --------
    >>> from windu.persistence.format.signature import is_pair
    >>> is_pair(b"a key of enough bytes")
    False
    """
    return key.lstrip().startswith(_PEM)


def signature_of(text: str, key: bytes) -> str:
    """Return the ed25519 signature of a text, as hexadecimal digits.

    Parameters
    ----------
    text : str
        What to sign.
    key : bytes
        The private key in PEM (PKCS 8), without a password.

    Returns
    -------
    str
        128 digits.

    Raises
    ------
    PersistenceError
        If the key is another, for instance the public one.
    MissingLibraryError
        Without the package cryptography.
    """
    private = _private(key)
    if private is None:
        raise PersistenceError(
            "Signing needs the private key of ed25519. Got the public key, which only "
            "checks. Pass the private one to save."
        )
    return str(private.sign(text.encode()).hex())


def same_signature(signature: str, text: str, key: bytes) -> bool:
    """Tell whether a text was signed with the private key of a pair.

    Parameters
    ----------
    signature : str
        As `signature_of` gives it; anything else is another.
    text : str
        What was signed.
    key : bytes
        The public key in PEM, or the private one.

    Returns
    -------
    bool
        Never true for an HMAC.
    """
    from_private = _private(key)
    public = _public(key) if from_private is None else from_private.public_key()
    try:
        public.verify(bytes.fromhex(signature), text.encode())
    except (ValueError, _crypto().exceptions.InvalidSignature):
        return False
    # Spaces and capitals decode to the same bytes.
    return signature == bytes.fromhex(signature).hex()


def _private(key: bytes) -> Any:
    """Return the private key, None for a public one."""
    if b"PUBLIC KEY" in key.partition(b"\n")[0]:
        return None
    serialization = _crypto().serialization
    return _of_ed25519(lambda: serialization.load_pem_private_key(key, None))


def _public(key: bytes) -> Any:
    return _of_ed25519(lambda: _crypto().serialization.load_pem_public_key(key))


def _of_ed25519(read: Any) -> Any:
    try:
        key = read()
    except MissingLibraryError:
        raise
    except Exception as error:
        raise _no_key(f"{type(error).__name__}: {error}") from error
    if not isinstance(key, _crypto().kinds):
        raise _no_key(type(key).__name__)
    return key


def _no_key(reason: str) -> PersistenceError:
    return PersistenceError(
        "A key in PEM must be one of ed25519, without a password. Got "
        f"{reason}. Make one: openssl genpkey -algorithm ed25519 -out key.pem; openssl "
        "pkey -in key.pem -pubout -out key.pub."
    )


class _Used(NamedTuple):
    exceptions: Any
    serialization: Any
    kinds: tuple[type, ...]


def _crypto() -> _Used:
    """Import what is used of the package cryptography."""
    try:
        from cryptography import exceptions
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingLibraryError(
            f"cryptography must be installed for keys of ed25519. Got: {error}. Run "
            "pip install 'windu[ed25519]'."
        ) from error
    kinds = (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey)
    return _Used(exceptions, serialization, kinds)


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
    >>> from windu.persistence.format.signature import key_of
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
