"""The page, as a person sees it: in a real browser."""

import shutil
import subprocess
from urllib.parse import urlencode

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


def seen(server, page, tmp_path, *words, **row):
    url = f"http://localhost:{server.port}{page}"
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000"),
            *(f"--user-data-dir={tmp_path / 'browser'}", "--window-size=1200,1000", *words),
            f"{url}?{urlencode(row)}" if row else url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_a_form_is_filled_in_and_answered_with_a_waterfall(server, tmp_path, row):
    dom = seen(server, "/", tmp_path, "--dump-dom", **row, by="source", ask="")
    assert "<h1" in dom
    assert 'class="probability"' in dom
    assert "the threshold of" in dom
    assert dom.count("<rect") >= 3
    assert "Prediction" in dom
    picture = tmp_path / "page.png"
    seen(server, "/", tmp_path, f"--screenshot={picture}", **row, by="source", ask="")
    assert picture.stat().st_size > 20_000


def test_what_is_wrong_stands_at_its_field(server, tmp_path, row):
    dom = seen(server, "/", tmp_path, "--dump-dom", **{**row, "size": "large"}, ask="")
    assert "is text, and must be a number" in dom
    assert 'class="probability"' not in dom


def test_the_api_can_be_read(server, tmp_path):
    dom = seen(server, "/docs", tmp_path, "--dump-dom")
    assert "/v1/predict" in dom
    assert "Is it" in dom
