"""A store in memory that counts what is asked of it, for tests of what a ledger does with one."""

import hashlib
import io
import threading

from tagline.storage.contract import HIDDEN, Stored, check_name, check_removable


class Memory:
    where = "memory"

    def __init__(self):
        self.probed = False
        self.contents = {}
        self.asked = []
        self.knows_etags = True
        self.touched = set()
        self.lock = threading.Lock()

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

    def leftovers(self):
        return []

    def age(self, name):
        return 0.0 if name in self.contents else None

    def remove(self, name):
        self.contents.pop(check_removable(name), None)

    def write(self, name, content):
        self.contents[check_name(name)] = content

    def replace(self, name, content, *, etag):
        with self.lock:
            if self.read_with_etag(name)[1] != etag:
                return False
            self.write(name, content)
            return True

    def read_with_etag(self, name):
        content = self.contents.get(check_name(name))
        return content, "" if content is None else hashlib.sha256(content).hexdigest()

    def open(self, name):
        if name not in self.contents:
            raise FileNotFoundError(name)
        return io.BytesIO(self.contents[name])

    def listing(self, folder):
        start = f"{check_name(folder)}/" if folder else ""
        return [
            Stored(name, len(content), self.read_with_etag(name)[1], 0.0)
            for name, content in sorted(self.contents.items())
            if name.startswith(start) and not any(each[0] == HIDDEN for each in name.split("/"))
        ]
