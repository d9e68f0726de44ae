"""The API of one case, described with the case's own fields and example (OpenAPI 3.1)."""

from collections.abc import Mapping
from typing import Any

from tagline.case.config import Case
from tagline.columns.number import HIGHEST, LOWEST
from tagline.columns.request import LONGEST_ID
from tagline.history.ageing import FUTURE, STALE
from tagline.serving.binary import OUTCOME, SHAPE
from tagline.serving.problems import TITLES
from tagline.serving.served import ServedModel

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
NAMES = {"type": "array", "items": TEXT}
Schema = Mapping[str, Any]


def openapi(served: ServedModel, case: Case, *, keys: bool) -> dict[str, Any]:
    """Describe the API.

    Parameters
    ----------
    served : ServedModel
        The model whose request it is.
    case : Case
        Its title, and how many rows a request may have.
    keys : bool
        Whether requests carry a key.
    """
    row, section = row_schema(served), case.serving
    example = row.pop("examples")[0]
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": case.title,
            "version": served.bundle.digest[:12],
            "description": f"The champion of the case `{case.name}`.",
        },
        "paths": {
            "/v1/predict": _post(
                "Predict", "One row, or many.", _rows(row, section.max_rows), example, "Prediction"
            ),
            "/v1/explain": _post(
                "Explain",
                "As predict, with SHAP contributions in log-odds that add up.",
                _rows(row, section.max_explained),
                example,
                "Explanation",
                parameters=[_by()],
            ),
            "/v1/outcomes": _post(
                "Outcomes",
                "What came true: late, out of order or twice; the last one counts.",
                _rows({"$ref": "#/components/schemas/Outcome"}, section.max_rows),
                {served.row_id: "a row's own id", "outcome": 1},
                "Accepted",
            ),
            "/v1/model": _get("The model card, the request's schema and the bundle's digest."),
            "/healthz": _get("Whether the server runs."),
            "/readyz": _get("Whether it answers, and with which model.", "503"),
        },
        "components": {"schemas": _schemas(served)},
    }
    if keys:
        bearer = {"type": "http", "scheme": "bearer"}
        described["components"]["securitySchemes"] = {"key": bearer}
        described["security"] = [{"key": []}]
    return described


def row_schema(served: ServedModel) -> dict[str, Any]:
    """Describe one row, as the bundle does, and the row's own id."""
    schema: dict[str, Any] = dict(served.bundle.read_json("schema.json"))
    schema.pop("$schema", None)
    # In the order in which the case names its fields, which is the order of the page's form.
    schema["properties"] = {
        name: _spaced(schema["properties"][name], name in schema["required"])
        for name in served.names
    }
    if served.reader.id:
        own = {"type": ["string", "integer", "null"], "maxLength": LONGEST_ID}
        own |= {"minimum": LOWEST, "maximum": HIGHEST}
        schema["properties"][served.reader.id] = {**own, "description": "The row's own id."}
    return schema


def _spaced(described: Mapping[str, Any], required: bool) -> dict[str, Any]:
    plain = {**described}
    if required and plain.get("type") == "string" and "enum" not in plain:
        plain["minLength"] = 1
    return plain


def _rows(row: Schema, most: int) -> Schema:
    return {"anyOf": [row, {"type": "array", "items": row, "minItems": 1, "maxItems": most}]}


def _post(
    name: str,
    summary: str,
    schema: Schema,
    example: Any,
    answer: str,
    *,
    parameters: list[Any] | None = None,
) -> dict[str, Any]:
    one = {"$ref": f"#/components/schemas/{answer}"}
    many = {"type": "object", "properties": {"predictions": {"type": "array", "items": one}}}
    good = one if answer == "Accepted" else {"anyOf": [one, many]}
    return {
        "post": {
            "operationId": name.lower(),
            "summary": summary,
            "parameters": parameters or [],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema, "example": example}},
            },
            "responses": {
                "200": {
                    "description": "The answer.",
                    "content": {"application/json": {"schema": good}},
                },
                **_problems(400, 401, 403, 408, 413, 415, 421, 422, 429, 503),
            },
        }
    }


def _get(summary: str, *others: str) -> dict[str, Any]:
    answers = {status: {"description": summary} for status in ("200", *others)}
    return {"get": {"summary": summary, "responses": answers | _problems(401, 403, 421, 429, 503)}}


def _problems(*statuses: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        str(status): {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


def _by() -> dict[str, Any]:
    schema = {"type": "string", "enum": ["input", "source"], "default": "input"}
    return {"name": "by", "in": "query", "schema": schema}


def _schemas(served: ServedModel) -> dict[str, Any]:
    model = _object({"run": TEXT, "digest": TEXT, "entry": {"type": "integer"}})
    common = {"model": model, "threshold": NUMBER}
    if served.history is not None:
        common["history"] = _object({"as_of": NUMBER, "age_seconds": NUMBER})
    flags: dict[str, Any] = {"unknown": NAMES, "missing": NAMES}
    if served.history is not None:
        flags["outside_history"] = {
            "enum": [STALE, FUTURE],
            "description": "Why history is missing: the snapshot is too old, or knows too much.",
        }
    prediction = {"prediction_id": TEXT, **SHAPE, **flags, **common}
    share = _object({"name": TEXT, "contribution": NUMBER, "value": {}})
    why = {
        "base": NUMBER,
        "log_odds": NUMBER,
        "contributions": {"type": "array", "items": share},
        "reasons": NAMES,
    }
    outcome = {
        "prediction_id": {"type": ["string", "null"], "pattern": "^[0-9a-f]{20,32}$"},
        served.row_id: {"type": ["string", "integer", "null"]},
        "outcome": OUTCOME,
        "observed": {"type": ["string", "null"], "format": "date-time"},
    }
    error = _object({"field": TEXT, "pointer": TEXT, "detail": TEXT})
    problem: dict[str, Any] = {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
    }
    problem |= {"request_id": TEXT, "errors": {"type": "array", "items": error}}
    return {
        "Prediction": _object(prediction),
        "Explanation": _object(prediction | why),
        "Outcome": {**_object(outcome), "required": ["outcome"], "additionalProperties": False},
        "Accepted": _object(
            {
                "accepted": {"type": "integer"},
                "unknown": {
                    "type": "integer",
                    "description": "How many of them name no answer that is known; they are kept.",
                },
            }
        ),
        "Problem": _object(problem),
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties)}


def in_3_0(described: Any) -> Any:
    """Write a description as OpenAPI 3.0 does, which knows no type null: for the page at /docs."""
    if isinstance(described, list):
        return [in_3_0(each) for each in described]
    if not isinstance(described, Mapping):
        return described
    found = {name: in_3_0(each) for name, each in described.items()}
    if found.get("openapi"):
        found["openapi"] = "3.0.3"
    kinds = found.get("type")
    if isinstance(kinds, list):
        named = [kind for kind in kinds if kind != "null"]
        found.pop("type")
        found |= {"type": named[0]} if len(named) == 1 else {"anyOf": [{"type": k} for k in named]}
        found["nullable"] = "null" in kinds
    return found
