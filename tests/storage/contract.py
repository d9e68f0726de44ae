"""What every store keeps to; a test class of each kind inherits it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tagline.errors import TaglineError, Unknown
from tagline.storage.contract import PROBE, probe, update
from tagline.storage.location import open_store
from tagline.storage.objects import Objects
from tests.fate import killed

OLD, NEW = b"old" * 100, b"new" * 7_000


def put_file(store, path):
    path.write_bytes(NEW)
    store.put_file("a/b", path, unchanging=False)


ACTS = {
    "create": (None, lambda store, _: store.create("a/b", NEW)),
    "write": (OLD, lambda store, _: store.write("a/b", NEW)),
    "replace": (OLD, lambda store, _: store.replace("a/b", NEW, etag=store.etags("a")["b"])),
    "update": (OLD, lambda store, _: update(store, "a/b", lambda _: NEW)),
    "put_file": (OLD, put_file),
    "touch": (NEW, lambda store, _: store.touch("a/b")),
    "remove": (NEW, lambda store, _: store.remove("a/b")),
}


class StoreContract:
    moments: tuple[str, ...] = ()

    @pytest.fixture
    def place(self):
        raise NotImplementedError

    @pytest.fixture
    def store(self, place):
        return open_store(place)

    def test_what_is_created_can_be_read(self, store, place):
        assert store.create("case/000/000001.json", b"one")
        assert store.read("case/000/000001.json") == b"one"
        assert open_store(place).read("case/000/000001.json") == b"one"

    def test_nothing_is_written_twice(self, store):
        assert store.create("case/a", b"first")
        assert not store.create("case/a", b"second")
        assert not store.create("case/a", b"first and more")
        assert store.read("case/a") == b"first"

    def test_the_same_content_again_is_ours(self, store, place):
        assert store.create("case/a", b"ours")
        assert store.create("case/a", b"ours")
        assert open_store(place).create("case/a", b"ours")

    def test_empty_and_binary_contents(self, store):
        assert store.create("empty", b"")
        assert store.create("binary", bytes(range(256)) * 300)
        assert store.read("empty") == b""
        assert store.read("binary") == bytes(range(256)) * 300
        assert not store.create("empty", b"no more")

    def test_what_is_not_there(self, store):
        assert store.read("nothing") is None
        assert store.read("no/such/folder") is None
        assert store.children("") == store.children("nothing") == store.children("a/b") == []

    def test_children_are_files_and_folders_directly_inside(self, store):
        for name in ("b/2", "b/1", "b/deep/er/3", "a", "b.c"):
            assert store.create(name, b"x")
        assert store.children("") == ["a", "b", "b.c"]
        assert store.children("b") == ["1", "2", "deep"]
        assert store.children("b/deep") == ["er"]

    def test_many_are_read_in_the_order_asked_for(self, store):
        names = [f"case/{at}" for at in range(70)]
        for name in names:
            assert store.create(name, name.encode())
        wanted = [*reversed(names), "case/none"]
        assert [*store.read_all(wanted)] == [*(name.encode() for name in names[::-1]), None]
        assert [*store.read_all([])] == []

    def test_one_of_many_wins(self, store):
        with ThreadPoolExecutor(8) as pool:
            won = [*pool.map(lambda at: store.create("race", b"%d" % at), range(8))]
        assert won.count(True) == 1
        assert store.read("race") == b"%d" % won.index(True)

    @pytest.mark.parametrize(
        "name", ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a b", "ä", "a\n", "a\0", "x" * 201]
    )
    def test_a_name_that_is_not_safe_is_refused(self, store, name):
        for act in (store.read, lambda name: store.create(name, b"")):
            with pytest.raises(TaglineError, match="can not be part of a name"):
                act(name)

    def test_the_probe_is_content_and_leaves_nothing(self, store):
        assert not store.probed
        probe(store)
        assert store.probed
        assert self.all_names(store) == []

    def test_a_probe_that_was_left_is_not_a_child(self, store):
        assert store.create(f"{PROBE}1", b"")
        assert store.children("") == []
        store.remove(f"{PROBE}1")
        assert store.read(f"{PROBE}1") is None

    def test_the_size_of_a_content(self, store):
        assert store.create("case/a", b"12345")
        assert store.create("objects/ab/none", b"")
        assert [store.size(each) for each in ("case/a", "objects/ab/none", "no")] == [5, 0, None]
        assert store.holds("case/a", b"12345")
        assert not store.holds("case/a", b"54321")
        assert not store.holds("no", b"")

    def test_what_is_touched_is_young(self, store):
        assert store.create("objects/ab/abc", b"x")
        store.touch("objects/ab/abc")
        assert 0 <= store.age("objects/ab/abc") < 3600
        assert store.age("objects/ab/none") is None
        assert store.read("objects/ab/abc") == b"x"

    def test_another_content_has_another_etag(self, store):
        assert store.create("case/a", b"one")
        assert store.create("case/b", b"two")
        etags = store.etags("case")
        assert set(etags) == {"a", "b"}
        assert etags["a"] != etags["b"]
        assert store.etags("case") == etags
        assert store.etag_of(b"one") in ("", etags["a"])
        assert store.etags("no") == {}

    def test_what_was_decided_is_never_removed(self, store):
        for name in ("ledger/case/a", "runs/case/1.json", "store.json", "case/000/0000001.json"):
            assert store.create(name, b"x")
            with pytest.raises(ValueError, match="lasts"):
                store.remove(name)
            assert store.read(name) == b"x"
        assert store.create("objects/ab/abc", b"x")
        for _ in range(2):
            store.remove("objects/ab/abc")
        assert store.read("objects/ab/abc") is None
        with pytest.raises(TaglineError, match="part of a name"):
            store.remove("objects/../ledger/a")

    def test_what_is_written_takes_the_place_of_what_was_there(self, store):
        for content in (b"one", b"another", b""):
            store.write("a/b", content)
            assert store.read("a/b") == content
        assert self.all_names(store) == self.all_names(store)
        assert len(store.listing("")) == 1

    def test_it_is_replaced_where_nobody_else_was_faster(self, store):
        assert store.read_with_etag("a/b") == (None, "")
        assert store.replace("a/b", b"one", etag="")
        assert not store.replace("a/b", b"two", etag="")
        content, etag = store.read_with_etag("a/b")
        assert content == b"one"
        assert store.replace("a/b", b"two", etag=etag)
        assert not store.replace("a/b", b"three", etag=etag)
        assert store.read("a/b") == b"two"

    def test_of_many_changes_none_is_lost(self, store, place):
        def one_more(old):
            return b"%d" % (int(old or b"0") + 1)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: update(open_store(place), "a/count", one_more), range(24)))
        assert store.read("a/count") == b"24"

    def test_a_listing_goes_as_deep_as_there_is_anything(self, store):
        names = ["a", "b/1", "b/deep/er/3", "b.c"]
        for name in names:
            store.write(name, name.encode())
        store.write(".hidden/x", b"")
        store.write("b/.hidden", b"")
        found = store.listing("")
        assert [each.name for each in found] == sorted(names)
        assert [each.size for each in found] == [len(name) for name in sorted(names)]
        assert all(0 <= each.age < 3600 for each in found)
        assert {each.name.split("/")[1]: each.etag for each in found if each.name == "b/1"} == {
            "1": store.etags("b")["1"]
        }
        assert [each.name for each in store.listing("b")] == ["b/1", "b/deep/er/3"]
        assert store.listing("nothing") == []

    def test_parts_of_a_content(self, store):
        content = bytes(range(256)) * 9000
        store.write("large", content)
        with store.open("large") as file:
            assert file.read(3) == content[:3]
            assert file.seek(-5, 2) == len(content) - 5
            assert file.read() == content[-5:]
            file.seek(1_500_000)
            assert file.read(600_000) == content[1_500_000:2_100_000]
            assert file.read() == content[2_100_000:]
        with pytest.raises(FileNotFoundError):
            store.open("nothing")

    def test_objects_are_named_by_their_content(self, store):
        objects = Objects(store)
        digest = objects.put(b"content")
        assert digest == hashlib.sha256(b"content").hexdigest()
        assert objects.put(b"content") == digest
        assert objects.get(digest) == b"content"
        assert dict(objects.sizes()) == {digest: 7}
        with pytest.raises(Unknown, match="is not in the store"):
            objects.get("0" * 64)
        objects.remove(digest)
        assert dict(objects.sizes()) == {}

    def test_an_object_that_was_changed_is_never_given(self, store):
        assert store.create(f"objects/00/{'0' * 64}", b"something else")
        with pytest.raises(TaglineError, match="is not what it is named by"):
            Objects(store).get("0" * 64)

    def test_a_store_that_ignores_the_condition_is_refused(self, store):
        class Careless(type(store)):
            def create(self, name, content):
                if not super().create(name, content):
                    self.remove(name)
                    super().create(name, content)
                return True

        store.__class__ = Careless
        with pytest.raises(TaglineError, match=r"ignores create-if-absent \(If-None-Match\)"):
            probe(store)
        assert not store.probed
        assert self.all_names(store) == []

    @pytest.mark.parametrize("kind", ACTS)
    def test_a_writer_killed_at_any_point_leaves_the_old_or_the_new(self, place, kind, tmp_path):
        old, act = ACTS[kind]
        wanted = None if kind == "remove" else NEW
        for moment in self.moments:
            for at in count(1):
                own = f"{place}/{moment}/{at}"
                store = open_store(own)
                if old is not None:
                    store.write("a/b", old)
                survived = killed(
                    lambda own=own: act(open_store(own), tmp_path / "file"), moment=moment, at=at
                )
                assert store.read("a/b") in ((wanted,) if survived else (old, wanted))
                assert [each.name for each in store.listing("")] in ([], ["a/b"])
                for left in store.leftovers():
                    store.discard(left)
                assert store.leftovers() == []
                assert self.all_unfinished(store) == []
                if store.read("a/b") == old:
                    act(open_store(own), tmp_path / "file")
                assert store.read("a/b") == wanted
                if survived:
                    break
            assert at > 1

    def all_unfinished(self, store):
        return [name for name in self.all_names(store) if ".unfinished" in name]

    def all_names(self, store):
        raise NotImplementedError
