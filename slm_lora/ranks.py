"""Several processes of one run, a GPU each: rank 0 does the job, the others help it.

    torchrun --nproc-per-node 2 -m slm_lora +recipe=sentiment
    accelerate launch --num_processes 2 -m slm_lora +recipe=sentiment

The launcher starts the same program once for each rank. Rank 0 reads the config, prepares the rows
and writes the run folder. The others know nothing of these: they do what it calls with a model of
their own. All train together (DDP, by accelerate), and each scores and writes a share of the items.
Where each holds only a part of the base model (`hardware.shard`, FSDP2 by transformers), all do the
same at the same time.
"""

import gc
import os
import signal
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any, NamedTuple, ParamSpec, TypeVar

from slm_lora.errors import UserError
from slm_lora.progress import log

Model = TypeVar("Model")
Item = TypeVar("Item")
P = ParamSpec("P")

LAUNCHED = "LOCAL_RANK" in os.environ
"""A cluster's own WORLD_SIZE without it says nothing of this program."""


def _told_by_launcher(name: str, least: int) -> int:
    said = os.environ.get(name, "")
    if not said.isdecimal() or int(said) < least:
        raise UserError(
            f"the variable LOCAL_RANK is set, and {name} is {said or 'not'}",
            "start it by torchrun --nproc-per-node N -m slm_lora …, or type unset LOCAL_RANK",
        )
    return int(said)


RANK = _told_by_launcher("RANK", 0) if LAUNCHED else 0
WORLD = _told_by_launcher("WORLD_SIZE", 1) if LAUNCHED else 1
FROM_LAUNCHER = {
    name: os.environ[name]
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    if name in os.environ
}
SHARDS_FROM = (5, 23)
"""Version of transformers that is known to train an adapter on a base model in parts."""
PATIENCE = timedelta(days=1)
"""How long a rank waits for another, which may be scoring meanwhile."""


class Share(NamedTuple):
    """Every `of`-th item, from that of this rank on."""

    rank: int
    of: int


ALL = Share(0, 1)


class Held:
    """Stands in a call for the model that each rank has."""


@dataclass
class _Together:
    """Whether the ranks are joined, and the model of this one that the others have too; it is kept
    alive by who uses it."""

    joined: bool = False
    held: "weakref.ref[Any] | None" = None
    in_parts: bool = False

    def model(self) -> Any:
        return self.held and self.held()


_together = _Together()


def hide_launcher() -> None:
    """Let the libraries take this process for the only one: what only rank 0 does must not wait for
    the others."""
    for name in FROM_LAUNCHER:
        os.environ.pop(name, None)


def check(batch_size: int, shard: bool) -> None:
    """Look whether a batch, and the base model where it is to be, can be split among the ranks.

    Raises:
        UserError: one cannot, or the launcher was told to shard the model.
    """
    if shard and WORLD == 1:
        raise UserError(
            "hardware.shard=true in one process, which would hold the whole base model",
            "start it by torchrun --standalone --nproc-per-node N -m slm_lora …, or type "
            "hardware.shard=false",
        )
    if shard and tuple(map(int, (found := version("transformers")).split(".")[:2])) < SHARDS_FROM:
        raise UserError(
            f"hardware.shard=true with transformers {found}",
            "type pip install 'transformers>=5.23'",
        )
    if batch_size % WORLD:
        lower = batch_size // WORLD * WORLD
        nearest = f"{lower} or " if lower else ""
        raise UserError(
            f"batch_size={batch_size} cannot be split among {WORLD} processes",
            f"type batch_size={nearest}{lower + WORLD}, or start another number of processes",
        )
    for name, what in (("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")):
        if os.environ.get(name, "false").lower() == "true":
            raise UserError(
                f"accelerate is told to use {what}, which is not what shares a base model out here",
                "type torchrun --standalone --nproc-per-node N -m slm_lora … hardware.shard=true",
            )


def check_gpus() -> None:
    """Look whether each process of this machine has a GPU of its own.

    Raises:
        UserError: there are more processes than GPUs.
    """
    import torch

    asked, there = int(FROM_LAUNCHER.get("LOCAL_WORLD_SIZE", 1)), torch.cuda.device_count()
    if asked > there:
        raise UserError(
            f"{asked} processes on a machine with {there} GPUs",
            f"type torchrun --standalone --nproc-per-node {there} -m slm_lora …, or device=cpu",
        )
    if there > 1 and WORLD == 1:
        log.info(
            "%d GPUs are here, and one is used; for all of them type "
            "torchrun --standalone --nproc-per-node %d -m slm_lora …",
            there,
            there,
        )


def join() -> None:
    """Wait until all ranks are there; each then computes on the GPU of its number."""
    if WORLD == 1:
        return
    import torch

    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(FROM_LAUNCHER["LOCAL_RANK"]) % torch.cuda.device_count())
    # Calls travel by gloo, gradients of a GPU by NCCL.
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    torch.distributed.init_process_group(backend, rank=RANK, world_size=WORLD, timeout=PATIENCE)
    _together.joined = True


def joined() -> bool:
    """Whether there are others, and they are there."""
    return _together.joined


def meet() -> None:
    """Wait until all ranks have come here."""
    if _together.joined:
        import torch

        torch.distributed.barrier()


def leave() -> None:
    """Send the others home; what follows is rank 0's alone."""
    if not _together.joined:
        return
    import torch

    _told(None)
    _together.joined, _together.held, _together.in_parts = False, None, False
    torch.distributed.destroy_process_group()


def help_rank_0() -> None:
    """What every other rank does: wait for a call, and answer it."""
    # Rank 0 says what is to be said; the launcher ends the others.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    join()
    try:
        _answer_calls()
    except RuntimeError as error:
        if not lost(error):
            raise
        sys.exit(1)
    import torch

    torch.distributed.destroy_process_group()


def _answer_calls() -> None:
    model: Any = None
    while (call := _told(None)) is not None:
        function, args, options, shared = call
        if shared:
            args = [model if arg is Held else arg for arg in args]
            _shared_out(function, *args, **options)
            continue
        if not any(arg is Held for arg in args):
            model = None  # two of them take twice the memory
            gc.collect()
        with _as_a_rank():
            model = _made(function(*(model if arg is Held else arg for arg in args), **options))


@contextmanager
def _as_a_rank() -> Iterator[None]:
    """Let the libraries see the launcher's variables: what is done here is done by all."""
    os.environ.update(FROM_LAUNCHER)
    try:
        yield
    finally:
        hide_launcher()


def everywhere(function: Callable[P, Model], *args: P.args, **options: P.kwargs) -> Model:
    """A model that each rank makes by this call: loads, or trains from the one it has, which stands
    among `args`."""
    if not _together.joined:
        return function(*args, **options)
    _told((function, _without_model(args), options, False))
    with _as_a_rank():
        model = _made(function(*args, **options))
    _together.held = weakref.ref(model)
    return model


def _made(model: Model) -> Model:
    _together.in_parts = getattr(model, "is_distributed_loading_by_transformers", False)
    return model


def in_parts() -> bool:
    """Whether each rank holds only a part of the base model: what it computes, all do."""
    return _together.in_parts


def shared(
    function: Callable[..., Iterable[Item]], model: object, *args: Any, **options: Any
) -> Iterator[Item]:
    """All items of a function that each rank calls for its share, by the model it has; this one for
    all of them, where the others do not have the model, and all for all where each has a part."""
    if not _together.joined or model is not _together.model():
        yield from function(model, *args, **options, share=ALL)
        return
    _told((function, _without_model((model, *args)), options, True))
    yield from _shared_out(function, model, *args, **options)


def _shared_out(function: Callable[..., Iterable[Item]], *args: Any, **options: Any) -> list[Item]:
    """The items of all ranks, on rank 0."""
    if _together.in_parts:
        return list(function(*args, **options, share=ALL))
    parts = _gathered(list(function(*args, **options, share=Share(RANK, WORLD))))
    return [item for part in parts for item in part]


def agreed(measure: Callable[[], float]) -> float:
    """A figure that rank 0 measures, in the middle of what all do."""
    if not _together.joined:
        return measure()
    return float(_told(measure() if RANK == 0 else None))


def lost(error: RuntimeError) -> bool:
    """Whether it says that another rank ended."""
    import torch

    # NCCL has errors of its own, gloo names a line of its source.
    return _together.joined and (
        isinstance(error, torch.distributed.DistError) or "gloo" in str(error)
    )


def program() -> str:
    """How this program was started, for a line that can be pasted (on every node)."""
    if not LAUNCHED:
        return "python"
    own = int(FROM_LAUNCHER.get("LOCAL_WORLD_SIZE", WORLD))
    nodes = "--standalone" if own == WORLD else f"--nnodes {WORLD // own} …"
    return f"torchrun {nodes} --nproc-per-node {own}"


def _without_model(args: Iterable[Any]) -> list[Any]:
    return [Held if arg is not None and arg is _together.model() else arg for arg in args]


def _told(message: Any) -> Any:
    """What rank 0 says, on all ranks."""
    import torch

    said = [message]
    torch.distributed.broadcast_object_list(said, src=0)
    return said[0]


def _gathered(part: list[Item]) -> list[list[Item]]:
    """The parts of all ranks, on rank 0; there only."""
    import torch

    parts: list[Any] | None = [None] * WORLD if RANK == 0 else None
    torch.distributed.gather_object(part, parts, dst=0)
    return parts or []
