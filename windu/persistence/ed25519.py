"""Signatures by a key pair: who can check them cannot make them. An extra."""

from __future__ import annotations

from typing import Any, NamedTuple

from windu.exceptions import MissingLibraryError, PersistenceError

__all__ = ["is_pair", "same_signature", "signature_of"]

_PEM = b"-----BEGIN "


def is_pair(key: bytes) -> bool:
    """Tell whether a key is one of a pair, in PEM, and no secret of two sides.

    Parameters
    ----------
    key : bytes
        As `windu.persistence.signature.key_of` gives it.

    Returns
    -------
    bool
        What is read as PEM is never a secret of HMAC: the public key is no secret.

    Examples
    --------
    >>> from windu.persistence.ed25519 import is_pair
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
    # Spaces and capitals are read as the same bytes.
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
    """Return what is used of the package, imported when it is."""
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
