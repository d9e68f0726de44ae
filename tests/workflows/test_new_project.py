"""A project is begun once, and later versions bring what a person has not changed."""

import json

import pytest

from tagline.case.load import load_case
from tagline.errors import TaglineError
from tagline.testing import check_features
from tagline.workflows import new_project
from tagline.workflows.new_case import NewCase
from tests.conftest import ROOT

ORDERS = NewCase(
    "shop",
    ROOT / "examples" / "orders.csv",
    target="sent_back",
    id="order_id",
    time="ordered_at",
)


def test_a_project_with_a_table_is_sound_as_it_is(tmp_path):
    done = new_project.begin_project("shop", tmp_path / "mine", ORDERS)
    folder = tmp_path / "mine"
    assert all((folder / each).exists() for each in done.new)
    assert load_case(folder / "shop.toml").features == "shop_features"
    assert (folder / "data" / "orders.csv").exists()
    assert "data/" in (folder / ".gitignore").read_text().split()
    check_features(folder / "shop.toml", rows=300)
    book = json.loads((folder / "shop.ipynb").read_text())
    assert {cell["cell_type"] for cell in book["cells"]} == {"code", "markdown"}
    words = "".join((folder / each).read_text() for each in done.new)
    assert str(ROOT) not in words, "nothing of this machine is in what is committed"


def test_nothing_is_written_over(tmp_path):
    new_project.begin_project("shop", tmp_path, None)
    with pytest.raises(TaglineError, match="something in it already"):
        new_project.begin_project("shop", tmp_path, None)
    with pytest.raises(TaglineError, match="is no name"):
        new_project.begin_project("My Shop", tmp_path / "other", None)
    with pytest.raises(TaglineError, match="not begun by"):
        new_project.update_project("shop", tmp_path / "other")


def test_an_update_brings_what_changed_and_keeps_what_a_person_did(tmp_path, monkeypatch):
    new_project.begin_project("shop", tmp_path, None)
    assert new_project.update_project("shop", tmp_path) == new_project.Written([], [], [], [])
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "shop_features.py").write_text("# mine\n")
    (tmp_path / "AGENTS.md").unlink()
    before = new_project._contents

    def newer(name):
        made = before(name)
        return made | {
            f: text + "# newer\n" for f, text in made.items() if f.endswith((".md", ".toml"))
        }

    monkeypatch.setattr(new_project, "_contents", newer)
    done = new_project.update_project("shop", tmp_path)
    assert done.kept == ["README.md"]
    assert done.beside == ["README.md.new"]
    assert set(done.new) == {"AGENTS.md", "pyproject.toml"}
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "shop_features.py").read_text() == "# mine\n"
    again = new_project.update_project("shop", tmp_path)
    assert (again.new, again.kept, again.beside) == ([], ["README.md"], [])
