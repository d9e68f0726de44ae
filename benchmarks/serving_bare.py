"""The least that the same framework can do: parse a body and echo it."""

import sys

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def echo(request: Request) -> Response:
    """Parse and echo."""
    content = msgspec.json.encode(msgspec.json.decode(await request.body()))
    return Response(content, media_type="application/json")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", echo, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
