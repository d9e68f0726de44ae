"""Know tables again by their values, however they are held."""

import hashlib
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from tagline.columns.kinds import EXACT
from tagline.data.features import Tables


def fingerprint(tables: Tables) -> str:
    """Give the SHA-256 of tables' names, columns and values, whatever their order of columns.

    Whole numbers of any width are the same where their values are, doubles that are whole among
    them; times are the same where they are the same moment, in any unit and zone, but a time with
    a zone is not one without. Missing is not the same as any text.

    Returns
    -------
    str
        Hexadecimal digest; the same for the same values on any machine.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        digest.update(_line("table", name, len(tables[name])))
        for column in sorted(tables[name].columns, key=str):
            digest.update(_line("column", column))
            for part in _content(tables[name][column]):
                digest.update(part)
    return digest.hexdigest()


def _line(*words: object) -> bytes:
    return json.dumps([str(word) for word in words]).encode() + b"\n"


def _content(column: pd.Series) -> Iterator[bytes]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype if len(column.cat.categories) else "str")
    known = column[column.notna()]
    yield np.packbits(column.notna().to_numpy()).tobytes()
    if pd.api.types.is_bool_dtype(column.dtype):
        yield from (b"flags", known.to_numpy(dtype=np.uint8).tobytes())
    elif pd.api.types.is_numeric_dtype(column.dtype):
        yield from _numbers(known)
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        yield from _times(known)
    elif pd.api.types.is_timedelta64_dtype(column.dtype):
        yield from (b"lengths", _ticks(known))
    else:
        yield from _texts(known)


def _numbers(known: pd.Series) -> Iterator[bytes]:
    if pd.api.types.is_integer_dtype(known.dtype):
        unsigned = known.dtype.name.lower() == "uint64" and bool((known > 2**63 - 1).any())
        kind = np.uint64 if unsigned else np.int64
        yield from (b"unsigned" if unsigned else b"whole", known.to_numpy(dtype=kind).tobytes())
        return
    doubles = known.to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        whole = (doubles % 1 == 0) & (np.abs(doubles) <= EXACT)
    if (whole & ~((doubles == 0) & np.signbit(doubles))).all():
        yield from (b"whole", doubles.astype(np.int64).tobytes())
    else:
        yield from (b"doubles", doubles.tobytes())


def _times(known: pd.Series) -> Iterator[bytes]:
    zoned = isinstance(known.dtype, pd.DatetimeTZDtype)
    moments = known.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else known
    yield from (b"moments" if zoned else b"clocks", _ticks(moments))


def _ticks(known: pd.Series) -> bytes:
    # Seconds and the rest apart: nanoseconds alone would not reach beyond the year 2262.
    a_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[known.dt.unit]
    ticks = known.to_numpy().astype(np.int64)
    rest = ticks % a_second * (10**9 // a_second)
    return (ticks // a_second).tobytes() + rest.astype(np.int64).tobytes()


def _texts(known: pd.Series) -> Iterator[bytes]:
    try:
        texts = pa.concat_arrays([pa.array(known.to_list(), pa.large_string())])
    except (pa.ArrowException, UnicodeError, TypeError):
        yield from _others(known)
        return
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets or b"", dtype=np.int64)[texts.offset :][: len(texts) + 1]
    yield from (b"texts", np.diff(ends).tobytes())
    yield bytes(memoryview(letters or b"")[ends[0] : ends[-1]]) if len(ends) else b""


def _others(known: pd.Series) -> Iterator[bytes]:
    yield b"others"
    for value in known:
        # What is no text says what it is, so that 1 and "1" are not the same.
        content = f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")
        yield len(content).to_bytes(8, "little") + content
