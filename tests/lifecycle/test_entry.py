"""An entry is written in one way only, and read only if it is."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import public_hex
from tagline.lifecycle.entry import NO_ENTRY, Deployment, Entry, Policy, sign
from tests.lifecycle.story import draft, promote, refuse, stands


@pytest.fixture(scope="module")
def entry(key):
    said = promote(None, "TrainFlow/1")
    return sign(said, number=1, previous=NO_ENTRY, key=key)


def refusal(content):
    with pytest.raises(TaglineError) as caught:
        Entry.parse(content, where="here")
    assert str(caught.value).startswith("here: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_written_is_what_is_read(entry, key):
    assert Entry.parse(entry.to_bytes(), where="here") == entry
    assert entry.signs(entry.to_bytes())
    assert entry.signed_by == public_hex(key)
    assert entry.at.endswith("+00:00")


def test_the_moment_is_in_utc(key):
    now = datetime(2024, 3, 31, 2, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    entry = sign(refuse(None, "r"), number=1, previous=NO_ENTRY, key=key, now=now)
    assert entry.at == "2024-03-31T00:30:00.000007+00:00"
    assert datetime.fromisoformat(entry.at) == now.astimezone(UTC)


def test_no_two_are_the_same(key):
    one, other = (sign(refuse(None, "r"), number=1, previous=NO_ENTRY, key=key) for _ in "12")
    assert one.nonce != other.nonce
    assert one.digest != other.digest


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_know_is_none(key, value):
    gate = {"figure": value, "all": (1.5, {"deep": value}), "text": "Łódź\n\u2028"}
    entry = sign(draft("refuse", "r", "c", refused="no", gates=(gate,), standing=stands(None)),
                 number=1, previous=NO_ENTRY, key=key)  # fmt: skip
    assert entry.gates == ({"figure": None, "all": [1.5, {"deep": None}], "text": "Łódź\n\u2028"},)


def test_what_is_not_plain_is_refused():
    for value in ({1: 2}, object(), {1, 2}, b"bytes"):
        with pytest.raises(ValidationError, match="not plain JSON"):
            draft("refuse", "r", "c", gates=({"x": value},), standing=stands(None))


def test_what_is_not_as_it_should_be_is_refused():
    with pytest.raises(ValidationError, match="share"):
        draft("refuse", "r", "c", standing=stands(None), share=3)
    with pytest.raises(ValidationError, match="act"):
        draft("destroy", "r", "c", standing=stands(None))
    with pytest.raises(ValidationError, match="number"):
        Deployment(run="r", bundle="", number=0, since=1, act="promote")
    with pytest.raises(ValidationError, match="frozen"):
        refuse(None, "r").why = "another"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff", b"{", b'"text"', b"[" * 100_000, b'{"number": NaN}'],
)
def test_what_is_no_entry_is_told(content):
    assert "not an entry" in refusal(content)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 0),
        ("number", True),
        ("number", 1.0),
        ("number", "1"),
        ("previous", "0"),
        ("at", "yesterday"),
        ("signature", "00"),
        ("act", "destroy"),
        ("more", 1),
        ("gates", [[]]),
        ("standing", None),
    ],
)
def test_a_value_that_is_wrong_is_named(entry, name, value):
    changed = json.loads(entry.to_bytes()) | {name: value}
    assert f"not an entry: {name}" in refusal(as_json(changed))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip(),
        lambda text: " " + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: json.dumps(json.loads(text)),
        lambda text: text.replace('"act"', '"act": "refuse",\n  "act"'),
        lambda text: text.replace("0.4715", "0.47150"),
        lambda text: text.replace("0.4715", "NaN"),
        lambda text: text.replace("0.4715", "1" * 5000),
    ],
)
def test_the_same_said_otherwise_is_signed_by_nobody(entry, change):
    content = change(entry.to_bytes().decode()).encode()
    try:
        changed = Entry.parse(content, where="here")
    except TaglineError:
        return
    assert not changed.signs(content)


def test_what_entries_did_not_always_have_is_not_written_where_empty(key):
    said = promote(None, "r")
    old = sign(said, number=1, previous=NO_ENTRY, key=key)
    assert not {"author", "author_key", "policy"} & set(json.loads(old.to_bytes()))
    new = said.model_copy(update={"policy": Policy(), "author": "ann"})
    written = sign(new, number=1, previous=NO_ENTRY, key=key).to_bytes()
    assert Entry.parse(written, where="here").policy == Policy()


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(entry, place, bit):
    content = bytearray(entry.to_bytes())
    content[place % len(content)] ^= 1 << bit
    try:
        changed = Entry.parse(bytes(content), where="here")
    except TaglineError:
        return
    assert not changed.signs(bytes(content))
