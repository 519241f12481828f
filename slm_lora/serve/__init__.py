"""An OpenAI-compatible endpoint for a run's base and tuned model, and a page to compare them.

    python -m slm_lora serve RUN                  then open http://127.0.0.1:8000
    SLM_LORA_API_KEY=… python -m slm_lora serve RUN serve.host=0.0.0.0

A thin app of our own because `transformers serve` (5.23) loads no adapter folder (it wants a
config.json), would keep base and merged model as two, and knows no label probabilities.
"""

import asyncio
import ipaddress
import os
import socket
from importlib.util import find_spec

from slm_lora.config.schema import Config
from slm_lora.config.sections.results import ServeConfig
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.run_folder import Run

KEY = "SLM_LORA_API_KEY"


def serve(config: Config, run: Run) -> None:
    """Answers requests until Ctrl-C.

    Raises:
        UserError: the packages are missing, the address is taken, or the run cannot be used.
    """
    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise UserError(
                f"serve needs the package {package}", "type pip install 'slm-lora[serve]'"
            )
    key = os.environ.get(KEY) or None
    with bound(config.serve) as listening:
        from slm_lora import chat
        from slm_lora.serve.app import make_app, page_of
        from slm_lora.serve.server import make_server

        log.info("loading %s and its adapter", config.model.name_or_path)
        local = is_loopback(listening.getsockname()[0])
        if not local and key is None:
            log.warning("whoever reaches this machine may use the models: set %s", KEY)
        leaving = asyncio.Event()
        pair, page = chat.load(config, run), page_of(config, run)
        app = make_app(pair, config, page, key, local, leaving)
        server = make_server(app, leaving)
        host, port = listening.getsockname()[:2]
        print(f"http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:  # how one leaves a server; it has shut down by now
            log.info("stopped")


def bound(config: ServeConfig) -> socket.socket:
    """A socket at the address of the config, before anything slow begins.

    Raises:
        UserError: the address is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        raise UserError(
            f"serve.host={config.host} serve.port={config.port}: {error.strerror}",
            "type serve.port=0 for a free port, or serve.host=127.0.0.1 for this machine only",
        ) from error
    return listening


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches the address."""
    return ipaddress.ip_address(address).is_loopback
