"""The house is as docs/architecture.md says: imports point one way, files are small."""

import json

import pytest

from tests.house import FILES, ORDER, PAGE, ROOT, imported, own_room, picture, room

VOCABULARY = {"tagline.errors", "tagline.history.declare", "tagline.columns.field"} | {
    "tagline.evaluation.behaviour"
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    own = own_room(path)
    if own not in ORDER:
        return
    for module in imported(path):
        if module.startswith("tagline."):
            assert ORDER.index(room(module)) <= ORDER.index(own), f"{path} imports {module}"
        assert not module.startswith(("features", "flows"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("features/*.py")), ids=lambda path: path.name)
def test_cases_see_the_vocabulary_only(path):
    seen = {module for module in imported(path) if module.startswith("tagline")}
    assert seen <= VOCABULARY


def test_only_runs_and_the_cards_know_metaflow():
    knowing = {
        str(path.relative_to(ROOT))
        for path in FILES
        for module in imported(path)
        if module.split(".")[0] == "metaflow"
    }
    assert {name.split("/")[1] for name in knowing} <= {"runs", "report", "storage"}


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
    page = PAGE.read_text()
    assert picture() in page, "the imports have changed: make picture"
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
