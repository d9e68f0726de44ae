"""What went wrong, as RFC 9457 writes it: `application/problem+json`, never a stack trace."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tagline.columns.request import Fault, InvalidRows

MEDIA_TYPE = b"application/problem+json"
MOST_NAMED = 100
TITLES: Mapping[int, str] = {
    400: "The body can not be read",
    401: "Who asks is not known",
    403: "This key may not do that",
    404: "There is no such page",
    405: "The page knows no such method",
    408: "The body did not arrive in time",
    413: "The request is too large",
    415: "The body must be JSON",
    421: "This server answers to another name",
    422: "The values can not be used",
    429: "Too many requests",
    500: "The server has failed",
    503: "The server can not answer now",
}


class Problem(Exception):
    """An answer that is none, and why.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What is wrong with this request.
    errors : sequence of dict, optional
        Each wrong field: ``field``, ``pointer`` (RFC 6901) and ``detail``.
    headers : mapping, optional
        To send with it.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})

    def content(self, request_id: str) -> bytes:
        """Write it down."""
        said: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors:
            said["errors"] = self.errors
        return msgspec.json.encode(said)


def of_faults(faulty: InvalidRows) -> Problem:
    """Name each wrong field of each row."""
    found = [_error(place, fault) for place, fault in faulty.faults[:MOST_NAMED]]
    total = len(faulty.faults)
    fields = "field is" if total == 1 else "fields are"
    rest = f"; the first {MOST_NAMED} are named" if total > MOST_NAMED else ""
    return Problem(422, f"{total} {fields} wrong{rest}.", errors=found)


def _error(place: int | None, fault: Fault) -> dict[str, Any]:
    name = fault.field.replace("~", "~0").replace("/", "~1")
    pointer = f"/{name}" if place is None else f"/{place}/{name}"
    return {"field": fault.field, "pointer": pointer, "detail": fault.what}
