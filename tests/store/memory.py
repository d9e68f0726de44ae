"""A store in memory that counts what is asked of it, for tests of what a ledger does with one."""

import hashlib

from tagline.store.contract import HIDDEN, check_name, check_object, check_probe


class Memory:
    where = "memory"

    def __init__(self):
        self.probed = False
        self.contents = {}
        self.asked = []
        self.knows_etags = True
        self.touched = set()

    def create(self, name, content):
        self.asked.append("create")
        return self.contents.setdefault(check_name(name), content) == content

    def read(self, name):
        self.asked.append("read")
        return self.contents.get(check_name(name))

    def read_all(self, names):
        return map(self.read, names)

    def children(self, folder):
        self.asked.append("children")
        start = f"{check_name(folder)}/" if folder else ""
        found = {
            name.removeprefix(start).split("/")[0]
            for name in self.contents
            if name.startswith(start)
        }
        return sorted(name for name in found if not name.startswith(HIDDEN))

    def etags(self, folder):
        self.asked.append("etags")
        start = f"{check_name(folder)}/"
        return {
            name.removeprefix(start): hashlib.sha256(content).hexdigest()
            for name, content in self.contents.items()
            if name.startswith(start) and "/" not in name.removeprefix(start)
        }

    def etag_of(self, content):
        return hashlib.sha256(content).hexdigest() if self.knows_etags else ""

    def size(self, name):
        content = self.contents.get(check_name(name))
        return None if content is None else len(content)

    def holds(self, name, content):
        return self.contents.get(check_name(name)) == content

    def touch(self, name):
        self.touched.add(check_name(name))

    def age(self, name):
        return 0.0 if name in self.contents else None

    def remove_object(self, name):
        self.contents.pop(check_object(name), None)

    def remove_probe(self, name):
        self.contents.pop(check_probe(name), None)
