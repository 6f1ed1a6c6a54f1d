"""The one-file form of a run: a zip of stored members in one exact layout."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from struct import Struct
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from windu.exceptions import IntegrityError, PersistenceError

__all__ = ["MAX_FILE", "pack", "unpack"]

#: Zip files need another layout above this size, in bytes.
MAX_FILE = 2**32 - 2**20

_LOCAL = Struct("<4s5H3L2H")


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a file that holds the members in their order.

    Parameters
    ----------
    members : mapping of str to bytes
        Names in ASCII.

    Returns
    -------
    bytes
        The same for the same members.

    Raises
    ------
    PersistenceError
        If the file would have 4 GiB or more.

    Examples
    --------
    >>> from windu.persistence.container import pack, unpack
    >>> bytes(unpack(pack({"a.json": b"{}"}))["a.json"])
    b'{}'
    """
    if sum(map(len, members.values())) > MAX_FILE:
        raise PersistenceError(
            "One file holds less than 4 GiB. Got more. Save to a folder: a path "
            "without a suffix."
        )
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(_info(name), data)
    return buffer.getvalue()


def unpack(data: bytes, where: str = "The file") -> dict[str, memoryview]:
    """Return the members of a file, which must be just what `pack` writes.

    Parameters
    ----------
    data : bytes
        The whole file.
    where : str, default="The file"
        What it is called in messages.

    Returns
    -------
    dict of str to memoryview
        In the order of the file.

    Raises
    ------
    IntegrityError
        If a byte outside the members is another than `pack` writes: something before,
        between or behind them, compression, names that stand twice, comments.
    """
    try:
        members = _members(data)
        # What stands between the members is made anew and compared.
        same = pack(members) == data  # type: ignore[arg-type]
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        same = False
    if not same:
        raise IntegrityError(
            f"{where} must be one that windu.save wrote, byte for byte. Got something "
            "else, a damaged one, or a part of one. Get a whole copy."
        )
    return members


def _members(data: bytes) -> dict[str, memoryview]:
    view, members = memoryview(data), {}
    with ZipFile(BytesIO(data)) as file:
        for info in file.infolist():
            start = info.header_offset + _LOCAL.size + len(info.filename)
            members[info.filename] = view[start : start + info.file_size]
    return members


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name)
    # The defaults depend on the system that writes.
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info
