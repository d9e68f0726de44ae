"""The house is as docs/architecture.md says: imports point one way, files are small."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = (
    "errors",
    "paths",
    "names",
    "canonical",
    "log",
    "storage",
    "keys",
    "clock",
    "predictions",
    "reading",
    "case",
    "history",
    "inputs",
    "evaluation",
    "training",
    "data",
    "bundle",
    "monitoring",
    "scoring",
    "ledger",
    "standing",
    "registry",
    "explanation",
    "report",
    "stages",
    "replay",
    "operations",
    "scheduling",
    "serving",
    "notebook",
    "cli",
)
VOCABULARY = {"tagline.errors", "tagline.history.declare", "tagline.inputs.field"} | {
    "tagline.evaluation.behaviour"
}
FILES = sorted(ROOT.glob("tagline/**/*.py"))


def imported(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def package(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    own = path.relative_to(ROOT / "tagline").parts[0].removesuffix(".py")
    if own not in ORDER:
        return
    for module in imported(path):
        if module.startswith("tagline."):
            assert ORDER.index(package(module)) <= ORDER.index(own), f"{path} imports {module}"
        assert not module.startswith(("features", "flows"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("features/*.py")), ids=lambda path: path.name)
def test_cases_see_the_vocabulary_only(path):
    seen = {module for module in imported(path) if module.startswith("tagline")}
    assert seen <= VOCABULARY


def test_only_the_registry_and_the_cards_know_metaflow():
    knowing = {
        str(path.relative_to(ROOT))
        for path in FILES
        for module in imported(path)
        if module.split(".")[0] == "metaflow"
    }
    assert {name.split("/")[1] for name in knowing} <= {"registry", "report", "storage"}


def test_only_storage_knows_where_bytes_lie():
    apart = {"boto3", "botocore", "pyarrow.fs", "fcntl", "tempfile"}
    for path in [*FILES, *ROOT.glob("flows/*.py")]:
        if path.parent.name != "storage":
            assert not apart & set(imported(path)), path


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_the_head(path):
    assert len(path.read_text().splitlines()) <= 500


def test_every_law_is_a_promise():
    page = (ROOT / "docs" / "promises.md").read_text()
    for law in ROOT.glob("tests/laws/test_*.py"):
        assert f"(../tests/laws/{law.name})" in page


def test_every_package_is_on_the_map():
    page = (ROOT / "docs" / "architecture.md").read_text()
    for folder in (ROOT / "tagline").iterdir():
        if (folder / "__init__.py").is_file():
            assert f"`tagline/{folder.name}`" in page


@pytest.mark.parametrize("path", sorted(ROOT.glob("benchmarks/bench_*.py")), ids=lambda p: p.stem)
def test_every_benchmark_is_in_the_readme(path):
    assert f"`{path.stem.removeprefix('bench_')}`" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("benchmarks/results/*.json")), ids=lambda p: p.stem
)
def test_a_benchmark_that_does_not_hold_is_told(path):
    result = json.loads(path.read_text())
    assert set(result) == {"name", "figure", "goal", "holds", "machine", "raw"}
    if not result["holds"]:
        assert f"`{path.stem}` does not hold" in (ROOT / "README.md").read_text()
