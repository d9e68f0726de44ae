"""Requests that schemathesis makes of the server's own OpenAPI, right ones and wrong ones."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.server import serving

CONFIG = ("--config", "serving.toml")
PAGES = ("/v1/predict", "/v1/explain", "/v1/outcomes")


MODES = {"positive": 0.85, "negative": 0.15}  # a wrong request takes three times as long to make


def generate(server, page, mode, *, examples, seed):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://localhost:{server.port}/openapi.json",
            *("--include-path", page, "--phases", "fuzzing", "--mode", mode),
            *("--checks", "not_a_server_error", "--max-examples", str(examples)),
            *("--seed", str(seed), "--no-color", "--generation-database", "none"),
            *("--suppress-health-check", "all", "--max-failures", "5"),
        ],
        cwd=server.place.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def statuses(server):
    text = server.get("/metrics").content.decode()
    found = re.findall(
        r'^tagline_requests_total{page="([^"]+)",status="(\d+)"} (\S+)', text, re.MULTILINE
    )
    return {(page, int(status)): float(count) for page, status, count in found}


@pytest.mark.parametrize("requests", [100, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_request_that_the_schema_allows_or_forbids_breaks_it(place, row, requests):
    with serving(place, *CONFIG) as server:
        seeds = range(1, 1_000)
        with ThreadPoolExecutor(2) as pool:
            for seed in seeds:
                # In small rounds: makers drop many before they are sent, and the server counts.
                each_time = min(requests, 4_000)
                work = [
                    pool.submit(
                        generate, server, page, mode, examples=int(each_time * share), seed=seed
                    )
                    for mode, share in MODES.items()
                    for page in PAGES
                ]
                for each in work:
                    each.result()
                if sum(statuses(server).values()) >= requests:
                    break
        found = statuses(server)
        assert sum(found.values()) >= requests
        assert {status for _, status in found if status >= 500} == set()
        for page in PAGES:
            assert found[page, 200] > 10
            assert found[page, 422] + found.get((page, 400), 0) > 10
        assert server.post("/v1/predict", row).status == 200
        assert not [line for line in server.lines() if "traceback" in line]
