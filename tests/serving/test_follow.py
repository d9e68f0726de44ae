"""What a follower refuses: another schema, a model that loads too slowly."""

import dataclasses
import shutil

import pytest

from tagline.columns.field import Field
from tagline.serving.served import differences
from tests.conftest import LEAN, Workplace
from tests.serving.conftest import SERVING
from tests.serving.server import serving


@dataclasses.dataclass
class Asks:
    fields: tuple[Field, ...]


OLD = (Field("size", "number", unit="km"), Field("town", "string", required=False))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (OLD, []),
        ((*OLD, Field("more", "number", required=False)), []),
        ((OLD[0].replace(description="How far."), OLD[1]), []),
        ((*OLD, Field("more", "number")), ["more is asked for"]),
        (OLD[:1], ["town is gone"]),
        ((OLD[0], Field("town", "string")), ["town is asked for and was optional"]),
        ((OLD[0].replace(unit="mi"), OLD[1]), ["size is in mi and was in km"]),
        ((Field("size", "integer", unit="km"), OLD[1]), ["size is a integer and was a number"]),
        ((OLD[0].replace(maximum=5.0), OLD[1]), ["size may be 5 at most"]),
        ((OLD[0], OLD[1].replace(allowed=("a",))), ["town may be a only"]),
    ],
)
def test_what_callers_would_notice_is_a_difference(new, said):
    assert differences(Asks(OLD), Asks(new)) == said


def test_a_wider_range_is_none():
    old = (Field("size", "number", minimum=0, maximum=5), Field("town", "string", allowed=("a",)))
    new = (Field("size", "number", minimum=-1), Field("town", "string", allowed=("a", "b")))
    assert differences(Asks(old), Asks(new)) == []


def test_a_model_that_is_too_slow_to_load_is_refused(place, row, tmp_path):
    folder = tmp_path / "work"
    shutil.copytree(place.folder, folder, symlinks=True)
    slow = SERVING.replace("[serving]\n", "[serving]\nload_seconds = 0.000001\n")
    (folder / "slow.toml").write_text(LEAN + slow)
    own = Workplace(folder, place.variables)
    with serving(own, "--config", "slow.toml", ready=False) as server:
        answer = server.post("/v1/predict", row)
        assert answer.status == 503
        assert "was not ready within" in answer.json["detail"]
        assert server.get("/readyz").json["refused"]["entry"] == 1


WRONG_NAMES = {
    ('personal = ["town"]', 'personal = ["twon"]'): "serving.personal names 'twon'",
    ('subject = "town"', 'subject = "name"'): "serving.subject names 'name'",
    ('size = "It', 'length = "It'): "serving.reasons names 'length'",
}


def test_names_that_the_model_does_not_have_are_refused_all_at_once(place, row, tmp_path):
    folder = tmp_path / "work"
    shutil.copytree(place.folder, folder, symlinks=True)
    config = SERVING
    for old, new in WRONG_NAMES:
        config = config.replace(old, new)
    (folder / "wrong.toml").write_text(LEAN + config)
    own = Workplace(folder, place.variables)
    with serving(own, "--config", "wrong.toml", ready=False) as server:
        answer = server.post("/v1/predict", row)
        assert answer.status == 503
        for said in WRONG_NAMES.values():
            assert said in answer.json["detail"]
