"""A store in memory that counts what is asked of it, for tests of what a ledger does with one."""

from tagline.ledger.store import HIDDEN, check_name, check_probe


class Memory:
    where = "memory"

    def __init__(self):
        self.probed = False
        self.contents = {}
        self.asked = []

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

    def remove_probe(self, name):
        self.contents.pop(check_probe(name), None)
