"""Score a pre-trained nano on held-out documents of its own kinds, and print one line a gate.

    python recipes/nano/gates.py slm_lora/nano/weights

- polarity: a short text and a question about its mood; the likelier of the two answers counts
- copying: the code written for an instruction over unseen values, exact match, greedy decoding:
  lines of Python (pairs.py) and whole programs over the forty known libraries (programs.py)
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path

import apis
import pairs
import programs
import prose
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
)


def prompt_ids(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    messages = [{"role": "user", "content": prompt}]
    ids: list[int] = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False
    )
    return ids


@torch.no_grad()
def log_likelihood(model: LlamaForCausalLM, prompt: list[int], answer: list[int]) -> float:
    """Sum over the answer's tokens, natural logarithm."""
    logits = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1)[range(len(answer)), answer].sum().item()


def polarity(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, items: int) -> float:
    """Share of mood questions whose right answer is likelier than that of the other mood."""
    rng, right, asked = random.Random("gate/polarity"), 0, 0
    while asked < items:
        prompt, answer, other = prose.ask(rng)
        if not other:
            continue
        ids = prompt_ids(tokenizer, prompt)
        scores = [
            log_likelihood(model, ids, tokenizer(text + tokenizer.eos_token).input_ids)
            for text in (answer, other)
        ]
        right += scores[0] > scores[1]
        asked += 1
    return right / items


@torch.no_grad()
def answer(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, prompt: str) -> str:
    """What the model writes, greedily, up to its end or the end of the context."""
    ids = torch.tensor([prompt_ids(tokenizer, prompt)])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False,
        max_length=model.config.max_position_embeddings,
    )  # fmt: skip
    return tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def copying(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    items: int,
    pair: Callable[[random.Random], tuple[str, str]],
) -> list[tuple[str, str, str]]:
    """Held-out pairs that were not answered with exactly the code: (instruction, code, written)."""
    rng, wrong = random.Random("gate/copying"), []
    for _ in range(items):
        instruction, code = pair(rng)
        written = answer(model, tokenizer, instruction)
        if written != code:
            wrong.append((instruction, code, written))
    return wrong


def program(rng: random.Random) -> tuple[str, str]:
    """A program of one family over a known library."""
    return programs.program(rng, apis.known(rng.randrange(apis.KNOWN)), most=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--items", type=int, default=400, help="of polarity; half as many of code")
    parser.add_argument("--wrong", type=int, default=0, help="how many wrong answers to print")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model).eval()
    print(f"polarity {polarity(model, tokenizer, args.items):.3f}", flush=True)
    count = args.items // 2
    for title, pair in (("lines", pairs.pair), ("programs", program)):
        wrong = copying(model, tokenizer, count, pair)
        print(f"copying, {title} {1 - len(wrong) / count:.3f}", flush=True)
        for instruction, code, written in wrong[: args.wrong]:
            print(f"--- {instruction}\n--- wanted\n{code}\n--- written\n{written}\n")


if __name__ == "__main__":
    main()
