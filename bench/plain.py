"""
The smallest answer that Starlette gives on uvicorn, with nothing of ours: what our own smallest one is compared with.

Run as `python -m bench.plain PORT`.
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.ending import end_with_the_measurement


async def hello(request: Request) -> Response:  # noqa: ARG001 - how Starlette asks
    """Answer as `/healthz` does."""
    return PlainTextResponse("alive")


if __name__ == "__main__":
    end_with_the_measurement()
    uvicorn.run(
        Starlette(routes=[Route("/healthz", hello)]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
    )
