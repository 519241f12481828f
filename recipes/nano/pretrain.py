"""Pre-train nano, a small Llama, from nothing: a plain loop in the manner of nanoGPT.

    python recipes/nano/pretrain.py --data build/nano --out build/nano/model --minutes 25

Run after corpus.py and tokenizer.py. Matrices are trained by Muon, embeddings and norms by AdamW;
the rate warms up, stays, and falls linearly to zero over the last half. The batches depend on the
seed and the step alone: the same seed and number of steps give the same loss curve on the same
machine, and a run that was interrupted goes on from `--out`.checkpoint.pt.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers import PreTrainedTokenizerBase as Tokenizer


def encode(data: Path, split: str, tokenizer: Tokenizer, context: int) -> np.ndarray:
    """The split's documents as one stream cut into rows, shape (rows, context + 1), uint16."""
    with (data / f"{split}.txt.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    stream = np.concatenate([np.asarray(e.ids, dtype=np.uint16) for e in encodings])
    rows = (len(stream) - 1) // context
    starts = np.arange(rows)[:, None] * context
    return stream[starts + np.arange(context + 1)]


def build(
    tokenizer: Tokenizer, hidden: int, layers: int, mlp: int, context: int
) -> LlamaForCausalLM:
    """A Llama with heads of 64; weights start small and the residual outputs start at zero."""
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=mlp,
        num_hidden_layers=layers, num_attention_heads=hidden // 64, max_position_embeddings=context,
        tie_word_embeddings=True, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    ))  # fmt: skip
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model


def loss_of(model: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of every next token; rows: (batch, context + 1)."""
    with torch.autocast(rows.device.type, dtype=torch.bfloat16):
        logits = model(input_ids=rows[:, :-1], use_cache=False).logits
    return F.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten())


@torch.no_grad()
def score(model: torch.nn.Module, rows: torch.Tensor) -> float:
    """Held-out loss."""
    return loss_of(model, rows).item()


def batch(data: np.ndarray, step: int, size: int, seed: int) -> torch.Tensor:
    """Rows of step `step`: every epoch is its own permutation. Shape (size, context + 1), int64."""
    per_epoch = len(data) // size
    order = np.random.default_rng([seed, step // per_epoch]).permutation(len(data))
    at = step % per_epoch * size
    return torch.from_numpy(data[order[at : at + size]].astype(np.int64))


def rate(step: int, steps: int, warmup: int = 40) -> float:
    """The share of the full learning rate: warm-up, plateau, linear decay over the last half."""
    return min((step + 1) / warmup, 1.0, 2 * (1 - step / steps))


def optimizers(model: LlamaForCausalLM, args: argparse.Namespace) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim < 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=args.muon_lr, weight_decay=0.01),
        torch.optim.AdamW(others, lr=args.adam_lr, betas=(0.9, 0.95), weight_decay=0.0),
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
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=1224)
    length.add_argument("--minutes", type=float, help="sets --steps by the speed of the first 20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=12, help="rows a step")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--mlp", type=int, default=704)
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=3e-3)
    parser.add_argument("--compile", action="store_true", help="half as fast again after a minute")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.manual_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.data / "tokenizer")
    context = tokenizer.model_max_length
    train, val = (encode(args.data, split, tokenizer, context) for split in ("train", "val"))
    held_out = torch.from_numpy(val[:64].astype(np.int64)).to(args.device)
    model = build(tokenizer, args.hidden, args.layers, args.mlp, context).to(args.device)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters; {train.size:,} tokens to train on", flush=True)
    opts = optimizers(model, args)
    run = torch.compile(model) if args.compile else model

    checkpoint = args.out.with_name(args.out.name + ".checkpoint.pt")
    first, steps, log = 0, None if args.minutes else args.steps, []
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first, steps, log = state["step"], state["steps"], state["log"]
        model.load_state_dict(state["model"])
        for opt, saved in zip(opts, state["opts"], strict=True):
            opt.load_state_dict(saved)
        print(f"resumed at step {first} of {steps}", flush=True)

    began = mark = time.monotonic()
    for step in range(first, 10**9):
        if steps is None and step == 5:  # the first five are slower: compiling, warm caches
            mark = time.monotonic()
        if steps is None and step == 20:
            now = time.monotonic()
            steps = step + int((began + args.minutes * 60 - now) / (now - mark) * 15)
        if steps is not None and step >= steps:
            break
        scale = rate(step, steps or 10**9)
        for opt, lr in zip(opts, (args.muon_lr, args.adam_lr), strict=True):
            opt.param_groups[0]["lr"] = lr * scale
        loss = loss_of(run, batch(train, step, args.batch, args.seed).to(args.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad()
        if step % 20 == 0 or step + 1 == steps:
            minutes = (time.monotonic() - began) / 60
            tokens = (step + 1) * args.batch * context
            log.append((step, round(loss.item(), 4)))
            print(f"step {step}/{steps or '?'} loss {loss.item():.4f} tokens {tokens / 1e6:.2f}M "
                  f"minutes {minutes:.1f}", flush=True)  # fmt: skip
        if step and step % 200 == 0:
            print(f"step {step} held-out loss {score(model, held_out):.4f}", flush=True)
            save_state(checkpoint, step=step + 1, steps=steps, log=log, model=model.state_dict(),
                       opts=[opt.state_dict() for opt in opts])  # fmt: skip

    print(f"final held-out loss {score(model, held_out):.4f}", flush=True)
    export(model.cpu(), tokenizer, args.out)
    checkpoint.unlink(missing_ok=True)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
