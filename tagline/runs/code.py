"""What of the code travels with a flow that runs elsewhere."""

from pathlib import Path

ABOVE = Path(__file__).resolve().parents[2]
# As (source, name in the code package): with them a task in an empty folder finds all it imports.
CODE = [(str(ABOVE / name), name) for name in ("tagline", "features") if (ABOVE / name).is_dir()]
SUFFIXES = (".py", ".jinja", ".html", ".js", ".css", ".toml", ".sql")
