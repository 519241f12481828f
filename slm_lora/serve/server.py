"""uvicorn, with what it leaves open: slow clients, too many of them, and errors of its own.

h11 and asyncio's own loop are named because uvicorn takes faster ones where they happen to be
installed, and what was tested is what should run.
"""

import asyncio
import json
import math
import socket
from http import HTTPStatus
from types import FrameType
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from slm_lora.serve.protocol import ApiError

if TYPE_CHECKING:
    from fastapi import FastAPI

AT_ONCE = 512
"""Open connections: with the backlog, fewer than the 1,024 files that Linux lets a process open."""
BACKLOG = 256
"""Connections that the system holds until they are accepted."""
WHOLE = 30
"""Seconds in which a request must have come: from the opening of the connection or the last answer
to the last byte of the body."""
IDLE = 5
"""Seconds that a connection without a request is kept after an answer."""
GRACE = 3
"""Seconds that answers under way have to end when the server is told to stop."""


class Connection(H11Protocol):
    """uvicorn's connection, with a time limit on requests and errors in OpenAI's shape."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > AT_ONCE:
            # Whoever has taken longest to ask gives way; nobody who waits for an answer does.
            every = (one for one in self.connections if isinstance(one, Connection))
            slowest = min(every, key=Connection._until)
            slowest.transport.abort()
            self.connections.discard(slowest)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatch()

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def _watch(self) -> None:
        """Have the deadline run while the client is to send."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(WHOLE, self._too_late)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _until(self) -> float:
        return math.inf if self._deadline is None else self._deadline.when()

    def _too_late(self) -> None:
        self._refuse(ApiError(408, f"the request did not come within {WHOLE} seconds"))

    def send_400_response(self, msg: str) -> None:
        self._refuse(ApiError(400, msg))

    def _refuse(self, error: ApiError) -> None:
        """Close the connection; say why, unless an answer has begun or nothing was asked."""
        silent = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not silent:
            # Not by h11, whose state what serves the request may still be about to change.
            content = json.dumps(error.body())
            self.transport.write(
                f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
                f"Connection: close\r\n\r\n{content}".encode("ascii")
            )
        self.transport.close()

    def shutdown(self) -> None:
        super().shutdown()
        # Before uvicorn cancels what serves it, for that fills the log with tracebacks.
        self.loop.call_later(0 if self._deadline else GRACE, self.transport.abort)


class Server(uvicorn.Server):
    """uvicorn's server, which says that it stops: it sets `leaving`."""

    def __init__(self, config: uvicorn.Config, leaving: asyncio.Event) -> None:
        super().__init__(config)
        self._leaving = leaving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving.set()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = False  # a second Ctrl-C would cancel what ends within GRACE anyway


def make_server(app: "FastAPI", leaving: asyncio.Event) -> Server:
    """The server for an app; it sets `leaving` when it is told to stop."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE + 1,
    )
    return Server(config, leaving)
