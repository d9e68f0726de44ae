"""What a server answers: predictions, explanations, outcomes, pages, and refusals."""

import http.client
import json
import math
import socket

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from tagline.bundle.load import Bundle
from tests.lifecycle.conftest import ask


def bundle(place, digest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLINE_SIGNING_KEY", str(place.folder / "signing.key"))
        return Bundle(place.folder / ".tagline" / "bundles" / digest)


def test_one_row_is_answered_as_the_bundle_does_and_logged(server, place, row):
    answer = server.post("/v1/predict", {**row, "id": "one"}, **{"X-Request-Id": "mine-1"})
    assert answer.status == 200, answer.content
    assert answer.headers["x-request-id"] == "mine-1"
    found = answer.json
    model = bundle(place, found["model"]["digest"])
    (expected,) = model.predict_frame(pd.DataFrame([row]))
    assert found["probability"] == pytest.approx(expected, abs=1e-6)
    assert found["decision"] == (found["probability"] >= found["threshold"])
    assert found["model"]["run"].startswith("TrainFlow/")
    logged = server.predictions().set_index("prediction_id").loc[found["prediction_id"]]
    assert logged["probability"] == found["probability"]
    assert (logged["request_id"], logged["principal"]) == ("mine-1", "anyone")
    assert (logged["row_id"], logged["digest"]) == ("one", found["model"]["digest"])
    assert logged["field:size"] == 12.5
    assert logged["latency_us"] > 0


def test_many_rows_are_answered_as_one_by_one(server, row):
    rows = [{**row, "size": size, "id": str(size)} for size in range(5, 25)]
    rows[3]["town"], rows[4]["noise"] = "nowhere", None
    many = server.post("/v1/predict", rows).json["predictions"]
    alone = [server.post("/v1/predict", each).json for each in rows]
    assert [each["probability"] for each in many] == pytest.approx(
        [each["probability"] for each in alone], abs=1e-6
    )
    for together, single in zip(many, alone, strict=True):
        assert together.get("unknown") == single.get("unknown")
        assert together.get("missing") == single.get("missing")
    assert many[3]["unknown"] == ["town"]
    assert many[4]["missing"] == ["noise"]
    assert len({each["prediction_id"] for each in (*many, *alone)}) == 40


def test_contributions_add_up_and_a_refusal_has_reasons(server, row):
    answers = server.post("/v1/explain", [{**row, "size": size} for size in (3, 10, 30)])
    assert answers.status == 200, answers.content
    for each in answers.json["predictions"]:
        total = math.fsum(share["contribution"] for share in each["contributions"])
        assert each["base"] + total == pytest.approx(each["log_odds"], abs=1e-9)
        assert bool(each.get("reasons")) == each["decision"] or not each["decision"]
    refused = answers.json["predictions"][-1]
    assert refused["decision"]
    assert refused["reasons"][0] == "It is too large."
    one = server.post("/v1/explain?by=source", row).json
    assert {share["name"] for share in one["contributions"]} >= {"size", "town", "noise"}
    assert one["probability"] == pytest.approx(
        server.post("/v1/predict", row).json["probability"], abs=1e-6
    )
    assert server.post("/v1/explain?by=colour", row).status == 422


def test_numbers_beyond_single_precision_are_answered_and_explained(server, row):
    for size in (1e300, -1e300, 3.4e38, 3.5e38):
        predicted = server.post("/v1/predict", {**row, "size": size})
        explained = server.post("/v1/explain", {**row, "size": size})
        assert (predicted.status, explained.status) == (200, 200), explained.content
        assert explained.json["probability"] == predicted.json["probability"]


def test_outcomes_are_joined_late_out_of_order_and_twice(server, row):
    first, second, third = (
        server.post("/v1/predict", {**row, "id": f"joined-{n}"}).json["prediction_id"]
        for n in range(3)
    )
    reported = [
        {"id": "joined-1", "outcome": 1, "observed": "2024-05-01T12:00:00Z"},
        {"prediction_id": first, "outcome": False},
        {"prediction_id": third, "outcome": 0},
        {"prediction_id": third, "outcome": 1},
        {"id": "never-asked", "outcome": 1},
    ]
    assert server.post("/v1/outcomes", reported).json == {"accepted": 5, "unknown": 1}
    assert server.post("/v1/outcomes", reported[0]).json == {"accepted": 1, "unknown": 0}
    joined = server.log.joined().set_index("prediction_id")["outcome"]
    assert (joined[first], joined[second], joined[third]) == (0.0, 1.0, 1.0)
    outcomes = server.outcomes().set_index("row_id")
    assert outcomes.loc["joined-1", "reported"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": 1}, "prediction_id"),
        ({"prediction_id": "0" * 20, "id": "x", "outcome": 1}, "prediction_id"),
        ({"prediction_id": "../../etc", "outcome": 1}, "prediction_id"),
        ({"id": "x"}, "outcome"),
        ({"id": "x", "outcome": 2}, "outcome"),
        ({"id": "x", "outcome": "yes"}, "outcome"),
        ({"id": ["x"], "outcome": 1}, "id"),
        ({"id": "x", "outcome": 1, "observed": "soon"}, "observed"),
        ({"id": "x", "outcome": 1, "colour": 1}, "colour"),
    ],
)
def test_an_outcome_that_is_none_is_refused(server, body, field):
    answer = server.post("/v1/outcomes", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_each_wrong_field_is_named_at_once_as_a_problem(server):
    answer = server.post("/v1/predict", [{"at": "soon", "size": "big", "noise": True, "x": 1}])
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert {problem["status"], problem["type"], problem["title"]} == {
        422,
        "about:blank",
        "The values can not be used",
    }
    named = {error["pointer"] for error in problem["errors"]}
    assert named >= {"/0/at", "/0/size", "/0/noise", "/0/x"}


HOSTILE = {
    "nothing": (b"", 400),
    "no json": (b"{", 400),
    "nan": (b'{"size": NaN}', 400),
    "a huge number": (b'{"size": 1e999, "town": "a"}', 400),
    "a huge integer": (b'{"size": ' + b"9" * 5000 + b', "town": "a"}', 400),
    "deep": (b"[" * 500_000, 400),
    "deep objects": (b'{"a":' * 100_000, 400),
    "ten thousand keys": (json.dumps({f"k{n}": n for n in range(10_000)}).encode(), 422),
    "invalid utf-8": (b'{"size": 1, "town": "\xff"}', 400),
    "a lone surrogate": (b'{"size": 1, "town": "\\ud800"}', 400),
    "a key twice, the last of which is none": (b'{"size": 1, "town": "a", "town": 2}', 422),
    "no rows": (b"[]", 422),
    "a list of lists": (b"[[1]]", 400),
    "too many rows": (b"[" + b'{"size":1,"town":"a"},' * 2000 + b'{"size":1,"town":"a"}]', 413),
    "too large": (b" " * 4_000_001, 413),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("page", ["/v1/predict", "/v1/explain", "/v1/outcomes"])
def test_hostile_bodies_are_refused_and_the_next_is_answered(server, row, name, page):
    body, status = HOSTILE[name]
    answer = server.post(page, body)
    assert 400 <= answer.status < 500, answer.content
    if page == "/v1/predict":
        assert answer.status == status, answer.content
    assert b"Traceback" not in answer.content
    assert answer.json["status"] == answer.status
    assert server.post("/v1/predict", row).status == 200


def test_what_is_no_json_by_its_name_or_method_is_refused(server, row):
    body = json.dumps(row).encode()
    assert server.post("/v1/predict", body, **{"Content-Type": "text/plain"}).status == 415
    assert server.get("/v1/predict").status == 405
    assert server.get("/nothing").status == 404
    assert server.post("/v1/predict", row, Host="evil.example").status == 421


def test_a_body_that_never_ends_is_given_up(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
        slow.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        assert b" 408 " in slow.recv(1000)


def test_a_body_in_pieces_without_a_length_is_read(server, row):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    pieces = (bytes([each]) for each in json.dumps(row).encode())
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/predict", pieces, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, bool(answer.read())) == (200, True)
    endless = (b" " * 10**6 for _ in range(5))
    connection.request("POST", "/v1/predict", endless, headers, encode_chunked=True)
    refused = connection.getresponse()
    assert (refused.status, bool(refused.read())) == (413, True)
    connection.close()


def test_what_the_server_is_can_be_read(server, place):
    model = server.get("/v1/model").json
    ready = server.get("/readyz").json
    assert model["digest"] == ready["digest"] == next(iter(ready["workers"].values()))
    assert model["card"].startswith("# ")
    assert model["schema"]["required"] == ["at"]
    assert server.get("/healthz").json == {"running": True}
    api = server.get("/openapi.json").json
    body = api["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert server.post("/v1/predict", body["example"]).status == 200
    assert {"at", "size", "town", "noise", "id"} == set(
        api["components"]["schemas"]["Row"]["properties"]
    )
    for page in ("/", "/docs", "/static/page.js", "/swagger/swagger-ui-bundle.js"):
        assert server.get(page).status == 200
    status = ask(place, "status", "--config", "serving.toml")
    assert status["live"][0]["run"] == model["run"]


def test_answers_are_as_the_api_describes_them(server, row):
    api = server.get("/openapi.json").json
    assert api["openapi"].startswith("3.1")

    def check(given, page, status="200"):
        answer = api["paths"][page]["post"]["responses"][status]["content"]
        (schema,) = (each["schema"] for each in answer.values())
        Draft202012Validator({**schema, "components": api["components"]}).validate(given)

    for page in ("/v1/predict", "/v1/explain"):
        for given in (row, [row, {**row, "town": "nowhere", "noise": None}]):
            check(server.post(page, given).json, page)
        check(server.post(page, {**row, "size": "large"}).json, page, "422")
    named = server.post("/v1/predict", row).json["prediction_id"]
    outcome = {"prediction_id": named, "outcome": 1}
    check(server.post("/v1/outcomes", outcome).json, "/v1/outcomes")
    described = {"$ref": "#/components/schemas/Outcome", "components": api["components"]}
    Draft202012Validator(described).validate(outcome)


def test_metrics_answer_what_is_asked_of_them(server, row):
    before = server.metric("tagline_unknown_values_total")
    server.post("/v1/predict", {**row, "town": "nowhere", "noise": None})
    assert server.metric("tagline_unknown_values_total") == before + 1
    text = server.get("/metrics").content.decode()
    for name in (
        "tagline_requests_total",
        "tagline_request_seconds_bucket",
        "tagline_predictions_total",
        "tagline_missing_values_total",
        "tagline_profile_psi",
        "tagline_model_info",
    ):
        assert f"\n{name}{{" in text
    # A field that names a person is counted nowhere.
    assert 'column="field:town"' not in text


def test_the_log_holds_no_name_of_a_person(server, row):
    server.post("/v1/predict", {**row, "town": "Łódź"})
    kept = [*server.log.folder.rglob("*"), *(server.place.store / "log").rglob("*")]
    for file in kept:
        if file.is_file():
            assert "Łódź".encode() not in file.read_bytes()
    assert not server.predictions()["field:town"].isin(["a", "b", "Łódź"]).any()
