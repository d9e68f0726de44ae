"""The API of one case, described with the case's own fields and example (OpenAPI 3.1)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tagline.case.config import Case
from tagline.columns.number import HIGHEST, LOWEST
from tagline.columns.request import LONGEST_ID
from tagline.serving.answers import Accepted, ProblemDetails, shapes
from tagline.serving.problems import TITLES
from tagline.serving.served import ServedModel
from tagline.tasks.tasks import task_of

REFERENCE = "#/components/schemas/{name}"
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
                "Predict",
                "One row, or many.",
                "Row",
                section.max_rows,
                example,
                "Answer",
                "Answers",
            ),
            "/v1/explain": _post(
                "Explain",
                "As predict, with SHAP contributions in log-odds that add up.",
                "Row",
                section.max_explained,
                example,
                "Explanation",
                "Explanations",
                parameters=[_by()],
            ),
            "/v1/outcomes": _post(
                "Outcomes",
                "What came true: late, out of order or twice; the last one counts.",
                "Outcome",
                section.max_rows,
                {served.row_id: "a row's own id", "outcome": 1},
                "Accepted",
            ),
            "/v1/model": _get("The model card, the request's schema and the bundle's digest."),
            "/healthz": _get("Whether the server runs."),
            "/readyz": _get("Whether it answers, and with which model.", "503"),
        },
        "components": {"schemas": _schemas(served, case, row)},
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


def _named(name: str) -> Schema:
    return {"$ref": REFERENCE.format(name=name)}


def _one_or_many(name: str, most: int) -> Schema:
    many = {"type": "array", "items": _named(name), "minItems": 1, "maxItems": most}
    return {"anyOf": [_named(name), many]}


def _post(
    name: str,
    summary: str,
    given: str,
    most: int,
    example: Any,
    *answers: str,
    parameters: list[Any] | None = None,
) -> dict[str, Any]:
    schema, good = _one_or_many(given, most), {"anyOf": [_named(each) for each in answers]}
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
    return {
        str(status): {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": _named("ProblemDetails")}},
        }
        for status in statuses
    }


def _by() -> dict[str, Any]:
    schema = {"type": "string", "enum": ["input", "source"], "default": "input"}
    return {"name": "by", "in": "query", "schema": schema}


def _schemas(served: ServedModel, case: Case, row: Schema) -> dict[str, Any]:
    """Describe everything that is sent and answered, each under its own name."""
    said = shapes(served.bundle.task)
    listed = (said.one, said.many, said.explanation, said.explanations, Accepted, ProblemDetails)
    _, found = msgspec.json.schema_components(listed, ref_template=REFERENCE)
    properties = {
        "prediction_id": {"type": ["string", "null"], "pattern": "^[0-9a-f]{20,32}$"},
        served.row_id: {"type": ["string", "integer", "null"]},
        "outcome": task_of(case.task).outcome_schema(case.table),
        "observed": {"type": ["string", "null"], "format": "date-time"},
    }
    outcome = {"type": "object", "properties": properties, "required": ["outcome"]}
    return {**found, "Row": row, "Outcome": {**outcome, "additionalProperties": False}}
