"""One thread in which the models answer, one request after another.

Base and tuned model are one model with a switch, so two answers at once would mix them up.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

from fastapi import Request

from slm_lora.chat import Answer
from slm_lora.progress import log
from slm_lora.serve.protocol import ApiError

LOOK = 0.2
"""Seconds between two looks whether client and server are to go on."""

Work = Callable[[Callable[[str], None], Callable[[], bool]], Answer]
"""(say, interrupted) → the whole answer."""


class ClientGoneError(Exception):
    """The client closed its connection before it had its answer."""


class Worker:
    """The thread and its queue. `leaving`: whether the server was told to stop."""

    def __init__(self, leaving: Callable[[], bool]) -> None:
        self._leaving = leaving
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="models")

    async def run(self, request: Request, work: Work) -> AsyncIterator[str | Answer]:
        """What the work says, piece by piece, then its answer; stops it when the client goes.

        Raises:
            ClientGoneError: the client went away.
            ApiError: 503, the server stops.
            Exception: what the work raised.
        """
        loop, gone = asyncio.get_running_loop(), threading.Event()
        heard: asyncio.Queue[str | Answer | Exception] = asyncio.Queue()

        def say(piece: str | Answer | Exception) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(heard.put_nowait, piece)

        def job() -> None:
            if gone.is_set():
                return
            try:
                answer = work(say, gone.is_set)
            except Exception as error:  # raised below, in the request that it belongs to
                say(error)
                return
            if gone.is_set():
                log.info("an answer was broken off after %d tokens", answer.tokens)
            say(answer)

        async def watch() -> None:
            while not (self._leaving() or await request.is_disconnected()):
                await asyncio.sleep(LOOK)
            gone.set()
            stops = ApiError(503, "the server stops", "server_error")
            heard.put_nowait(stops if self._leaving() else ClientGoneError())

        watching = asyncio.create_task(watch())
        self._thread.submit(job)
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
            watching.cancel()
