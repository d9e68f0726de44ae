"""The one exception that a person is meant to read."""


class TaglineError(Exception):
    """A mistake or a fault that a person can act on.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : str, optional
        The file and key, the column, or the step that it concerns.
    todo : str, optional
        What the person can do about it.

    Attributes
    ----------
    exit_code : int
        With which the command line ends.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what = what
        self.where = where
        self.todo = todo
        place = f"{where}: " if where else ""
        remedy = f" {todo}" if todo else ""
        super().__init__(f"{place}{what}{remedy}")

    def to_dict(self) -> dict[str, object]:
        """Give it as plain data, for scripts."""
        return {
            "what": self.what,
            "where": self.where,
            "todo": self.todo,
            "exit_code": self.exit_code,
        }


class Unknown(TaglineError):
    """Something was named that there is not."""

    exit_code = 3
