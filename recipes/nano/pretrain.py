"""Pre-train nano, a small Llama, from nothing: a plain loop in the manner of nanoGPT.

    python recipes/nano/pretrain.py --data build/nano --out build/nano/first --compile
    python recipes/nano/pretrain.py --init-from build/nano/first --lr 1.5e-3 --steps 13000 --compile
    torchrun --standalone --nproc-per-node 2 recipes/nano/pretrain.py --compile   two processes

Run after corpus.py and tokenizer.py; nano is made in two rounds (`make nano` has the commands). The
rate warms up, stays, and falls linearly to zero over the last half. The batches depend on the seed
and the step alone: the same seed and number of steps give the same loss curve on the same machine,
and a run that was interrupted goes on from `--out`.checkpoint.pt.
"""

import argparse
import functools
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from datasets import Dataset
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers import PreTrainedTokenizerBase as Tokenizer
from trl import pack_dataset

SILENT = 0x8000  # added to a token that is read but not to be predicted
# (file, first step): copying is learned first, then all together, then freer instructions; in the
# second round (--init-from), more words.
PHASES = [("copying", 0), ("train", 300), ("late", 2400)]
PHASES_AGAIN = [("late", 0), ("last", 1000)]
# the other kinds: moods
GROUPS = {"pair": "code", "program": "code", "request": "code", "source": "library"}


def encode(documents: list[dict[str, str]], tokenizer: Tokenizer, context: int) -> np.ndarray:
    """The documents packed whole into rows, shape (rows, context + 1), uint16.

    A document cut by the end of a row would ask for values that nobody sees. What a code pair asks
    for is made of random words that nothing predicts: those tokens are marked SILENT, and so is the
    padding, so that only the code is learned.
    """
    answer, end = tokenizer.convert_tokens_to_ids("<|assistant|>"), tokenizer.eos_token_id
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(
        [document["text"] for document in documents], add_special_tokens=False
    )
    parts = []
    for document, encoding in zip(documents, encodings, strict=True):
        ids = np.asarray(encoding.ids, dtype=np.uint16)
        if GROUPS.get(document["kind"]) == "code":
            # a turn's number is the number of ends before it; it is an answer if it holds `answer`
            turn = np.cumsum(ids == end) - (ids == end)
            started = np.cumsum(ids == answer) - (ids == answer)
            opened = np.concatenate([[0], started[np.flatnonzero(ids == end)]])[turn]
            ids = np.where(started > opened, ids, ids | SILENT).astype(np.uint16)
        parts.append(ids)
    packed = pack_dataset(Dataset.from_dict({"ids": parts}), context + 1)["ids"]
    rows = np.full((len(packed), context + 1), tokenizer.pad_token_id | SILENT, dtype=np.uint16)
    for row, ids in zip(rows, packed, strict=True):
        row[: len(ids)] = ids
    return rows


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def held_out(
    documents: list[dict[str, str]], tokenizer: Tokenizer, context: int, rows: int = 12
) -> dict[str, torch.Tensor]:
    """The first rows of each group of kinds: {"moods": (rows, context + 1), "code": ..., ...}."""
    groups: dict[str, list[dict[str, str]]] = {"moods": [], "code": [], "library": []}
    for document in documents:
        groups[GROUPS.get(document["kind"], "moods")].append(document)
    return {
        group: torch.from_numpy(encode(some, tokenizer, context)[:rows].astype(np.int64))
        for group, some in groups.items()
    }


def build(
    tokenizer: Tokenizer, hidden: int, layers: int, mlp: int, context: int
) -> LlamaForCausalLM:
    """A Llama with heads of 64; weights start small and the residual outputs start at zero."""
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=mlp,
        num_hidden_layers=layers, num_attention_heads=hidden // 64, max_position_embeddings=context,
        tie_word_embeddings=True, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        attn_implementation="eager",  # compiled, it is faster on a CPU than the fused kernel
    ))  # fmt: skip
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    give_copying_heads(model)
    return model


@torch.no_grad()
def give_copying_heads(model: LlamaForCausalLM) -> None:
    """Start with heads that copy: "after this token, what came the last time?".

    Left to chance, such induction heads (Olsson et al. 2022, arXiv:2209.11895) had not formed after
    three million tokens; training refines these from the first step. Two heads of layer 0 look one
    and two tokens back, by the angles of RoPE and a constant in every embedding, and write down
    what they see. In layer 1 one head looks for the token after an earlier copy of this token,
    another for the same after an earlier copy of the token before: words stand between spaces.
    """
    inner, (first, second) = model.model, (layer.self_attn for layer in model.model.layers[:2])
    hidden, size = model.config.hidden_size, first.head_dim
    inner.embed_tokens.weight[:, 0] = 0.08  # the same for every token: the softmax never sees it
    frequency = model.config.rope_parameters["rope_theta"] ** (-torch.arange(0, size, 2) / size)
    code, shown = (torch.linalg.qr(torch.randn(hidden, hidden))[0] for _ in range(2))
    block = [slice(head * size, (head + 1) * size) for head in range(4)]
    seen = code[:, block[0]].T  # (size, hidden): a token as the heads of layer 0 write it down

    for head, back in enumerate((1, 2)):
        for projection, turned in ((first.q_proj, 0), (first.k_proj, back)):
            weight = torch.zeros(size, hidden)
            for i in range(8):  # the fast angles tell neighbours apart
                weight[i, 0] = 1.6 * torch.cos(turned * frequency[i])
                weight[i + size // 2, 0] = 1.6 * torch.sin(turned * frequency[i])
            projection.weight[block[head]] = weight
        first.v_proj.weight[block[head]] = seen
        first.o_proj.weight[:, block[head]] = 0.04 * shown[:, block[head]]

    slow = torch.arange(size) % (size // 2) >= 17  # dimensions that hardly turn over 200 tokens
    one_back, two_back = (shown[:, block[head]].T for head in (0, 1))
    for head, (query, key) in enumerate(((seen, one_back), (one_back, two_back))):
        second.q_proj.weight[block[head]] = 2.0 * query * slow[:, None]
        second.k_proj.weight[block[head]] = 2.0 * key * slow[:, None]
        second.v_proj.weight[block[head]] = code[:, block[2 + head]].T
        second.o_proj.weight[:, block[head]] = 0.04 * code[:, block[2 + head]]


def loss_of(model: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of every next token that is not SILENT; rows: (batch, context + 1)."""
    ids = rows & (SILENT - 1)
    targets = torch.where(rows < SILENT, rows, -100)[:, 1:]
    with torch.autocast(rows.device.type, dtype=torch.bfloat16):
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


@torch.no_grad()
def score(model: torch.nn.Module, groups: dict[str, torch.Tensor]) -> str:
    """Held-out loss of each group of kinds, as one line."""
    return " ".join(f"{group} {loss_of(model, rows).item():.4f}" for group, rows in groups.items())


def batch(data: np.ndarray, step: int, size: int, seed: int) -> torch.Tensor:
    """Rows of step `step`: every epoch is its own permutation. Shape (size, context + 1), int64."""
    per_epoch = len(data) // size
    order = np.random.default_rng([seed, step // per_epoch]).permutation(len(data))
    at = step % per_epoch * size
    return torch.from_numpy(data[order[at : at + size]].astype(np.int64))


def rate(step: int, steps: int, warmup: int = 100) -> float:
    """The share of the full learning rate: warm-up, plateau, linear decay over the last half."""
    return min((step + 1) / warmup, 1.0, 2 * (1 - step / steps))


def optimizers_for(model: LlamaForCausalLM, lr: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan 2024) for what attention carries and for the MLP, AdamW for all else.

    Queries and keys are AdamW's: without a norm on them Muon's large steps drive attention to one
    position each, and copying is never learned (README.md). One rate suits both, since Muon's
    updates are scaled to the size of AdamW's (Liu et al. 2025, arXiv:2502.16982).
    """
    orthogonal, decayed, others = [], [], []
    for name, weight in model.named_parameters():
        if any(part in name for part in ("v_proj", "o_proj", "mlp")):
            orthogonal.append(weight)
        elif "q_proj" in name or "k_proj" in name:
            decayed.append(weight)
        else:
            others.append(weight)
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return [
        torch.optim.Muon(orthogonal, lr=lr, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95)),
    ]


def save_state(path: Path, **state: object) -> None:
    fresh = path.with_suffix(".tmp")
    torch.save(state, fresh)
    fresh.replace(path)


def export(model: LlamaForCausalLM, tokenizer: Tokenizer, out: Path) -> None:
    """Write the finished model in bfloat16 with its tokenizer, for `from_pretrained`."""
    fresh = out.with_name(out.name + ".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    model.to(torch.bfloat16)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model.save_pretrained(fresh)
    tokenizer.save_pretrained(fresh)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("build/nano"))
    parser.add_argument("--out", type=Path, default=Path("build/nano/model"))
    parser.add_argument("--init-from", type=Path, help="a model made by this program to go on "
                        "from, with the full rate again")  # fmt: skip
    parser.add_argument("--steps", type=int, default=9_600, help="may be changed on resuming "
                        "before half of the old and the new number: until then the rate is the "
                        "same")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=8, help="rows a step")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--mlp", type=int, default=704)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--compile", action="store_true", help="twice as fast after a minute")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def main() -> None:
    args = parse()
    rank, processes = (int(os.environ.get(key, i)) for i, key in enumerate(["RANK", "WORLD_SIZE"]))
    if processes > 1:
        dist.init_process_group("gloo" if args.device == "cpu" else "nccl")
    say = functools.partial(print, flush=True) if rank == 0 else lambda line: None
    torch.manual_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.data / "tokenizer")
    context = tokenizer.model_max_length
    phases = [
        (encode(read(args.data / f"{name}.jsonl"), tokenizer, context), first)
        for name, first in (PHASES_AGAIN if args.init_from else PHASES)
    ]
    tokens = sum(rows.size for rows, _ in phases)
    kinds = held_out(read(args.data / "val.jsonl"), tokenizer, context)
    kinds = {group: rows.to(args.device) for group, rows in kinds.items()}
    if args.init_from:
        model = LlamaForCausalLM.from_pretrained(
            args.init_from, dtype=torch.float32, attn_implementation="eager"
        )
    else:
        model = build(tokenizer, args.hidden, args.layers, args.mlp, context)
    model.to(args.device)
    parameters = sum(p.numel() for p in model.parameters())
    say(f"{parameters:,} parameters; {tokens:,} tokens to train on")
    optimizers = optimizers_for(model, args.lr)
    compute_loss = torch.compile(loss_of) if args.compile else loss_of

    checkpoint = args.out.with_name(args.out.name + ".checkpoint.pt")
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first = state["step"]
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        say(f"resumed at step {first} of {args.steps}")

    began = time.monotonic()
    for step in range(first, args.steps):
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = args.lr * rate(step, args.steps)
        data = [rows for rows, start in phases if step >= start][-1]
        rows = batch(data, step, args.batch, args.seed)[rank::processes]
        loss = compute_loss(model, rows.to(args.device))
        loss.backward()
        if processes > 1:
            for weight in model.parameters():
                dist.all_reduce(weight.grad)
                weight.grad /= processes
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if step % 20 == 0 or step + 1 == args.steps:
            minutes = (time.monotonic() - began) / 60
            tokens = (step + 1) * args.batch * context
            say(f"step {step}/{args.steps} loss {loss.item():.4f} tokens {tokens / 1e6:.2f}M "
                f"minutes {minutes:.1f}")  # fmt: skip
        if rank == 0 and step and step % 200 == 0:
            say(f"step {step} held-out loss {score(model, kinds)}")
            save_state(checkpoint, step=step + 1, model=model.state_dict(),
                       optimizers=[each.state_dict() for each in optimizers])  # fmt: skip

    if rank == 0:
        say(f"final held-out loss {score(model, kinds)}")
        export(model.cpu(), tokenizer, args.out)
        checkpoint.unlink(missing_ok=True)
        say(f"wrote {args.out}")
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
