"""A ledger's store on a real S3 server."""

import http.client
import os

import pytest
from botocore.exceptions import ClientError

from tagline.errors import TaglineError
from tagline.storage.contract import probe
from tagline.storage.location import open_store
from tests.fate import killed
from tests.seaweed import BUCKET, KEY_ID, free_ports
from tests.storage.contract import ACTS, StoreContract


class TestS3(StoreContract):
    moments = ("before_sending", "after_sending")

    @pytest.fixture
    def place(self, s3):
        return s3

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ACTS)
    def test_a_writer_killed_at_any_point_leaves_the_old_or_the_new(self, place, kind, tmp_path):
        super().test_a_writer_killed_at_any_point_leaves_the_old_or_the_new(place, kind, tmp_path)

    def all_names(self, store):
        listed = store._client.list_objects_v2(Bucket=BUCKET, Prefix=f"{store.prefix}/")
        return [each["Key"] for each in listed.get("Contents", ())]

    def all_unfinished(self, store):
        found = store._client.list_multipart_uploads(Bucket=BUCKET, Prefix=f"{store.prefix}/")
        return found.get("Uploads", [])


@pytest.fixture
def store(s3):
    return open_store(s3)


def test_a_bucket_without_prefix(s3):
    store = open_store(f"s3://{BUCKET}")
    assert store.create(s3.split("/")[3], b"")
    assert s3.split("/")[3] in store.children("")


def test_more_names_than_a_page(store):
    def small_pages(params, **_):
        params["MaxKeys"] = 3

    store._client.meta.events.register("provide-client-params.s3.ListObjectsV2", small_pages)
    names = [f"{at:02d}" for at in range(11)]
    for name in names:
        store.create(f"case/{name}", b"")
        store.create(f"case/deep{name}/x", b"")
    assert store.children("case") == [*names, *(f"deep{name}" for name in names)]


@pytest.fixture
def losing(monkeypatch):
    """Lose the answers to requests of some methods, once the server has acted on them."""
    answer = http.client.HTTPConnection.getresponse
    left = dict.fromkeys(("PUT", "GET"), 0)

    def lose(connection):
        got = answer(connection)
        if left.get(connection._method, 0) > 0:
            left[connection._method] -= 1
            got.read()
            raise TimeoutError
        return got

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", lose)
    return left


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_what_was_written_is_ours_though_the_answer_was_lost(store, losing, lost):
    losing["PUT"] = lost
    assert store.create("case/a", b"ours")
    assert not store.create("case/a", b"other")
    losing["PUT"] = lost
    assert not store.create("case/a", b"other")
    assert store.read("case/a") == b"ours"


def test_it_says_so_when_it_is_not_known(store, losing):
    losing.update(PUT=2, GET=2)
    with pytest.raises(TaglineError, match=r"not known whether.*Run the command again"):
        store.create("case/a", b"ours")
    assert store.create("case/a", b"ours")


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "ConditionalRequestConflict"), (503, "SlowDown"), (500, "InternalError")],
)
def test_a_conflict_or_a_fault_of_the_server_is_tried_again(store, monkeypatch, status, code):
    calls = answering(monkeypatch, store, status, code, times=2)
    assert store.create("case/a", b"ours")
    assert len(calls) == 3


def test_a_conflict_that_stays_is_told(store, monkeypatch):
    answering(monkeypatch, store, 409, "ConditionalRequestConflict", times=99)
    with pytest.raises(TaglineError, match=r"not known whether.*ConditionalRequestConflict"):
        store.create("case/a", b"ours")


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (403, "AccessDenied")])
def test_what_the_server_refuses_is_not_tried_again(store, monkeypatch, status, code):
    calls = answering(monkeypatch, store, status, code, times=99)
    with pytest.raises(TaglineError, match=f"can not be written: .*{code}"):
        probe(store)
    assert len(calls) == 1


def test_an_entry_is_sent_at_once(store):
    """To ask first whether it is welcome takes a second each time the server is busy."""
    sent = []

    def see(request, **_):
        sent.append(request)

    store._client.meta.events.register("before-send.s3.PutObject", see)
    assert store.create("case/a", b"ours")
    assert ["Expect" in request.headers for request in sent] == [False]


def answering(monkeypatch, store, status, code, *, times):
    """Let the server answer puts with an error, a number of times."""
    said = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    put, calls = store._client.put_object, []

    def answer(**arguments):
        calls.append(arguments)
        if len(calls) <= times:
            raise ClientError(said, "PutObject")
        return put(**arguments)

    monkeypatch.setattr(store._client, "put_object", answer)
    return calls


def test_a_wrong_secret_is_refused(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = open_store(s3)
    for act in (lambda: store.read("a"), lambda: store.children("a"), lambda: probe(store)):
        with pytest.raises(TaglineError, match="SignatureDoesNotMatch"):
            act()


def test_a_bucket_that_is_not_there_is_told(s3):
    store = open_store("s3://no-such-bucket/x")
    for act in (lambda: store.read("a"), lambda: store.children("a")):
        with pytest.raises(TaglineError, match="NoSuchBucket"):
            act()


def test_no_credentials_are_told(s3, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(TaglineError, match="written: Unable to locate credentials"):
        open_store(s3).create("a", b"")


def test_an_endpoint_that_is_none_is_told(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "nonsense")
    with pytest.raises(TaglineError, match="S3 can not be used: Invalid endpoint"):
        open_store(s3)


def test_a_dead_server_is_told(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_ports(1)[0]}")
    store = open_store(s3)
    for act in (lambda: store.read("a"), lambda: store.children("a")):
        with pytest.raises(TaglineError, match="can not be read: Could not connect"):
            act()
    with pytest.raises(TaglineError, match=r"not known whether.*Could not connect"):
        store.create("a", b"")


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (400, "ExpiredToken")]
)
def test_what_fails_for_a_moment_is_asked_again(store, monkeypatch, status, code):
    store.write("a", b"kept")
    said = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    get, calls = store._client.get_object, []

    def failing(**arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise ClientError(said, "GetObject")
        return get(**arguments)

    monkeypatch.setattr("tagline.storage.s3.RENEW_AFTER", 0.0)
    monkeypatch.setattr(store._client, "get_object", failing)
    assert store.read("a") == b"kept"


def test_a_body_that_is_cut_is_read_again(store, monkeypatch):
    store.write("a", b"kept")
    read, cuts = http.client.HTTPResponse.read, []

    def cut(response, amount=None):
        if not cuts and response.getheader("Content-Type", "").startswith("binary"):
            cuts.append(True)
            raise http.client.IncompleteRead(b"ke", 2)
        return read(response, amount)

    monkeypatch.setattr(http.client.HTTPResponse, "read", cut)
    assert store.read("a") == b"kept"


def test_keys_that_were_renewed_in_their_file_are_followed(s3, monkeypatch, tmp_path):
    file, secret = tmp_path / "credentials", os.environ["AWS_SECRET_ACCESS_KEY"]
    text = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n"
    file.write_text(text.format(KEY_ID, secret))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file.write_text(text.format(KEY_ID, "expired"))
    store = open_store(s3)
    with pytest.raises(TaglineError, match="SignatureDoesNotMatch"):
        store.write("a", b"kept")
    file.write_text(text.format(KEY_ID, secret))
    monkeypatch.setattr("tagline.storage.s3.RENEW_AFTER", 0.0)
    store.write("a", b"kept")
    assert [*store.read_all(["a"] * 40)] == [b"kept"] * 40


@pytest.mark.slow
def test_an_upload_in_parts_that_was_killed_is_collected(s3, store, monkeypatch, tmp_path):
    monkeypatch.setattr("tagline.storage.s3.IN_PARTS", 1_000_000)
    file, content, at, left = tmp_path / "large", os.urandom(9_000_000), 1, 0
    file.write_bytes(content)
    store.write("a/b", b"old")
    while not killed(
        lambda: open_store(s3).put_file("a/b", file, unchanging=True),
        moment="after_sending",
        at=at,
    ):
        assert store.read("a/b") in (b"old", content)
        for each in store.leftovers():
            assert each.name == "a/b"
            assert 0 <= each.age < 3600
            store.discard(each)
            left += 1
        at = at * 3 // 2 + 1
    assert left > 0
    assert store.leftovers() == []
    assert store.read("a/b") == content
