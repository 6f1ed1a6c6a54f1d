"""The one-file form of a run: a zip of stored members in one exact layout.

Any program that reads zip files reads it. It is written and compared here by its few
headers, since no byte of them may depend on the version of Python.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple

from windu.exceptions import IntegrityError, PersistenceError

__all__ = ["MAX_FILE", "pack", "unpack"]

#: Zip files need another layout above this size, in bytes.
MAX_FILE = 2**32 - 2**20

# Version 2.0, no flags, stored, midnight of the first day that zip knows.
_COMMON = (20, 0, 0, 0, 33)
_LOCAL = Struct("<4s5H3L2H")
# Made on Unix; its owner may read and write it.
_MADE_BY, _ATTRIBUTES = 3 << 8 | 20, 0o600 << 16
_CENTRAL = Struct("<4sH5H3L3H2H2L")
_END = Struct("<4s4H2LH")


class _Member(NamedTuple):
    name: bytes
    crc: int
    size: int
    offset: int

    def local(self) -> bytes:
        sizes = (self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(b"PK\3\4", *_COMMON, *sizes) + self.name

    def central(self) -> bytes:
        sizes = (self.crc, self.size, self.size, len(self.name), 0, 0)
        place = (0, 0, _ATTRIBUTES, self.offset)
        header = _CENTRAL.pack(b"PK\1\2", _MADE_BY, *_COMMON, *sizes, *place)
        return header + self.name


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
    members_packed, parts, offset = [], [], 0
    for name, data in members.items():
        member = _Member(name.encode("ascii"), zlib.crc32(data), len(data), offset)
        parts += [member.local(), data]
        offset += len(parts[-2]) + len(data)
        members_packed.append(member)
    return b"".join([*parts, _directory(members_packed, offset)])


def unpack(data: bytes, source: str = "The file") -> dict[str, memoryview]:
    """Return the members of a file, which must be just what `pack` writes.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str, default="The file"
        What it is called in messages.

    Returns
    -------
    dict of str to memoryview
        In the order of the file. Their own bytes are for the manifest to know.

    Raises
    ------
    IntegrityError
        If a byte outside the members is another than `pack` writes: something before,
        between or behind them, compression, names that stand twice, comments.
    """
    members_found: list[_Member] = []
    view, offset = memoryview(data), 0
    members: dict[str, memoryview] = {}
    while offset + _LOCAL.size <= len(data):
        *_, crc, size, _, n_name, _ = _LOCAL.unpack_from(data, offset)
        start = offset + _LOCAL.size + n_name
        member = _Member(data[offset + _LOCAL.size : start], crc, size, offset)
        inside = start + size <= len(data) and member.name.isascii()
        if not inside or data[offset:start] != member.local():
            break
        members[member.name.decode()] = view[start : start + size]
        members_found.append(member)
        offset = start + size
    if len(members) != len(members_found) or data[offset:] != _directory(
        members_found, offset
    ):
        raise IntegrityError(
            f"{source} must be one that windu.save wrote, byte for byte. Got something "
            "else, a damaged one, or a part of one. Get a whole copy."
        )
    return members


def _directory(members: list[_Member], offset: int) -> bytes:
    central = b"".join(member.central() for member in members)
    counts = (0, 0, len(members), len(members))
    return central + _END.pack(b"PK\5\6", *counts, len(central), offset, 0)
