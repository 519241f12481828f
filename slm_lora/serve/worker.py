"""One thread in which the models answer, one request after another, and the line before it.

Base and tuned model are one model with a switch, so two answers at once would mix them up.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from fastapi import Request

from slm_lora.chat import Answer
from slm_lora.progress import log
from slm_lora.serve.protocol import ApiError

WAITING = 256
"""Requests in the line. With serve.max_request_kb=256 they are 64 MB of text (parsed, bodies of
tiny messages take twenty times that); at a second an answer the last one waits four minutes, and
OpenAI's client gives up after ten."""
RETRY_AFTER = 10
"""Seconds after which a client that found the line full is to come again."""

Work = Callable[[Callable[[str], None], Callable[[], bool]], Answer]
"""(say, interrupted) → the whole answer."""


class ClientGoneError(Exception):
    """The client closed its connection before it had its answer."""


class Worker:
    """The thread and its line. `leaving` is set when the server was told to stop."""

    def __init__(self, leaving: asyncio.Event) -> None:
        self._leaving = leaving
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="models")
        self._line: deque[Callable[[], None]] = deque()
        self._busy = False

    async def run(self, request: Request, work: Work) -> AsyncIterator[str | Answer]:
        """What the work says, piece by piece, then its answer; stops it when the client goes.

        Raises:
            ClientGoneError: the client went away.
            ApiError: 503, the line is full or the server stops.
            Exception: what the work raised.
        """
        if len(self._line) >= WAITING:
            raise ApiError(
                503,
                f"{WAITING} requests are waiting already; try again later",
                "server_error",
                code="overloaded",
                retry_after=RETRY_AFTER,
            )
        loop, gone = asyncio.get_running_loop(), threading.Event()
        heard: asyncio.Queue[str | Answer | Exception] = asyncio.Queue()

        def tell(call: Callable[[], None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(call)

        def say(piece: str | Answer | Exception) -> None:
            tell(lambda: heard.put_nowait(piece))

        def job() -> None:
            try:
                answer = work(say, gone.is_set)
                if gone.is_set():
                    log.info("an answer was broken off after %d tokens", answer.tokens)
                say(answer)
            except Exception as error:  # raised below, in the request that it belongs to
                say(error)
            tell(self._go_on)

        async def end_at(event: Awaitable[object], error: Exception) -> None:
            await event
            gone.set()
            heard.put_nowait(error)

        stops = ApiError(503, "the server stops", "server_error")
        watching = [
            # After the body, all that comes of a client is that it went away.
            asyncio.create_task(end_at(request.receive(), ClientGoneError())),
            asyncio.create_task(end_at(self._leaving.wait(), stops)),
        ]
        self._line.append(job)
        if not self._busy:
            self._go_on()
        try:
            while True:
                piece = await heard.get()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
                if isinstance(piece, Answer):
                    return
        finally:
            gone.set()
            for one in watching:
                one.cancel()
            if job in self._line:
                self._line.remove(job)

    def _go_on(self) -> None:
        """The turn of the first in the line."""
        self._busy = bool(self._line)
        if self._line:
            self._thread.submit(self._line.popleft())
