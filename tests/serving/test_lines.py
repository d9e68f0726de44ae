"""What a server writes of its work: JSON lines with the request's id, and no person's name."""

from tests.serving.server import serving


def test_every_line_is_json_and_names_the_request(place, row):
    with serving(place, "--config", "serving.toml", "--access-log") as server:
        server.post("/v1/predict", row, **{"X-Request-Id": "seen-1"})
        server.post("/v1/predict", {**row, "size": "Łódź"}, **{"X-Request-Id": "wrong-1"})
        server.post("/v1/predict", row, **{"X-Request-Id": "not safe\tat all"})
    lines = server.lines()
    assert len(lines) == len(server.errors.read_text().splitlines())
    by_id = {line["request_id"]: line for line in lines if "request_id" in line}
    assert (by_id["seen-1"]["status"], by_id["seen-1"]["level"]) == (200, "info")
    assert by_id["wrong-1"]["status"] == 422
    assert "not safe\tat all" not in by_id
    assert "Łódź" not in server.errors.read_text()
