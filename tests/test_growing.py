"""The examples of docs/growing.md do what the page says."""

import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tagline.columns import infer as guess
from tagline.columns import types
from tagline.columns.body import BodyReader
from tagline.columns.field import Field
from tagline.columns.request import InvalidRows
from tagline.transform.compute import columns

PAGE = (Path(__file__).parents[1] / "docs" / "growing.md").read_text()


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Give an example of the page as a module."""
    monkeypatch.syspath_prepend(tmp_path)

    def imported(name):
        (code,) = re.findall(rf"<!-- {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
        (tmp_path / f"growing_{name}.py").write_text(code)
        return importlib.import_module(f"growing_{name}")

    return imported


def test_a_kind_of_column_is_read_guessed_answered_and_logged(example, monkeypatch):
    kind = example("kind").Duration()
    monkeypatch.setitem(types.KINDS, kind.name, kind)
    monkeypatch.setattr(guess, "KINDS", {kind.name: kind, **types.KINDS})
    field = Field("took", kind.name, required=False)
    table = pd.DataFrame({"took": ["1:30", None, "0:05"]})
    minutes = columns(table, fields=[field])["took"]
    np.testing.assert_array_equal(minutes, [90, np.nan, 5])
    asked = BodyReader([field], id="id").read(b'[{"took": "1:30"}, {}, {"took": "0:05"}]')
    np.testing.assert_array_equal(asked.columns[0], minutes)
    with pytest.raises(InvalidRows):
        BodyReader([field], id="id").read(b'{"took": "1:75"}')
    logged = pd.DataFrame({"took": kind.from_log(pd.Series(minutes))})
    np.testing.assert_array_equal(columns(logged, fields=[field])["took"], minutes)
    assert guess.recognise(table["took"]).kind == "duration"
    assert kind.plain(90.0) == "1:30"


def test_a_family_of_models_keeps_the_contract(example):
    example("family")


@pytest.mark.parametrize(
    "name", re.findall(r"`((?:tagline|tests|docs)/[a-z_/]+\.(?:py|md))`", PAGE)
)
def test_every_file_that_is_named_is_there(name):
    assert (Path(__file__).parents[1] / name).exists()
