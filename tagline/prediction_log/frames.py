"""Records in a file, each with its length and checksum, so that a torn one is recognised."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MARK = b"\xabTL\x01"
HEAD = struct.Struct("<4sII")


@dataclass(frozen=True)
class Frames:
    """What a file of records holds.

    Attributes
    ----------
    records : tuple of bytes
        Every whole record, in order.
    sound : int
        Where the last whole record ends, in bytes; what follows is torn.
    torn : int
        How many bytes follow it.
    damaged : int
        In how many places before it something is not what was written, and was passed over.
    """

    records: tuple[bytes, ...]
    sound: int
    torn: int
    damaged: int


def framed(record: bytes) -> bytes:
    """Put a mark, and the record's length and checksum, before it."""
    return HEAD.pack(MARK, len(record), zlib.crc32(record)) + record


def frames(content: bytes) -> Frames:
    """Find the records of a file.

    Where something is not what was written, reading goes on at the next whole record; where none
    follows any more, the rest is torn.
    """
    found = list(_walk(content))
    sound = found[-1][2] if found else 0
    ends = [0, *(end for _, _, end in found)]
    damaged = sum(start != end for (_, start, _), end in zip(found, ends, strict=False))
    records = tuple(record for record, _, _ in found)
    return Frames(records, sound, torn=len(content) - sound, damaged=damaged)


def _walk(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = content.find(MARK)
    while place >= 0:
        record, end = _at(content, place)
        if record is None:
            place = content.find(MARK, place + 1)
        else:
            yield record, place, end
            place = content.find(MARK, end)


def _at(content: bytes, place: int) -> tuple[bytes | None, int]:
    if place + HEAD.size > len(content):
        return None, place
    _, length, checksum = HEAD.unpack_from(content, place)
    end = place + HEAD.size + length
    record = content[place + HEAD.size : end]
    whole = end <= len(content) and zlib.crc32(record) == checksum
    return (record if whole else None), end
