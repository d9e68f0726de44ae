"""The rooms of the house and who imports whom; `make picture` draws it in docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "```mermaid\n", "```\n"
FILES = sorted(ROOT.glob("tagline/**/*.py"))
# From the ground up: a room imports from itself and from those before it.
ORDER = (
    *("errors", "paths", "names", "canonical", "log", "storage", "keys", "clock"),
    *("columns", "case", "history", "transform", "metrics", "tasks", "models", "data"),
    *("evaluation", "bundle", "monitoring", "batch", "lifecycle", "runs", "prediction_log"),
    *("report", "training", "backtest", "workflows", "deploying", "serving", "notebook", "cli"),
)


def imported(path: Path) -> Iterator[str]:
    """Name the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(module: str) -> str:
    """Name the room of a module; empty for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def own_room(path: Path) -> str:
    """Name the room that a file lies in."""
    return path.relative_to(ROOT / "tagline").parts[0].removesuffix(".py")


def arrows() -> dict[str, set[str]]:
    """Give each room those that it imports from, without what follows from another arrow."""
    folders = {each for each in ORDER if (ROOT / "tagline" / each).is_dir()}
    seen: dict[str, set[str]] = {each: set() for each in ORDER if each in folders}
    for path in FILES:
        if (own := own_room(path)) in folders:
            seen[own] |= {room(each) for each in imported(path) if each.startswith("tagline.")}
    direct = {own: (others & folders) - {own} for own, others in seen.items()}
    reached: dict[str, set[str]] = {}
    for own in direct:  # those before it are known already
        reached[own] = direct[own].union(*(reached[each] for each in direct[own]))
    return {
        own: {each for each in others if not any(each in reached[o] for o in others)}
        for own, others in direct.items()
    }


def picture() -> str:
    """Draw the rooms, those that rest on most at the top."""
    drawn = [f"    {own} --> {' & '.join(sorted(o))}\n" for own, o in arrows().items() if o]
    top = (
        "    flows([flows]) --> cli & training\n    features([features]) --> history & evaluation\n"
    )
    return "flowchart TD\n" + top + "".join(reversed(drawn))


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + picture() + END + rest.partition(END)[2])
