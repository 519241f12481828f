"""Score a pre-trained nano on held-out documents of its own kinds, and print one line a gate.

    python recipes/nano/gates.py slm_lora/nano/weights

- polarity: a short text and a question about its mood; the likelier of the two answers counts
- copying: the code written for an instruction over unseen names, exact match, greedy decoding
"""

import argparse
import random
from pathlib import Path

import pairs
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
def copying(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, items: int) -> float:
    """Share of held-out instructions answered with exactly the code they ask for."""
    rng, right = random.Random("gate/copying"), 0
    for _ in range(items):
        instruction, code = pairs.pair(rng)
        ids = torch.tensor([prompt_ids(tokenizer, instruction)])
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_length=256
        )
        right += tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True) == code
    return right / items


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--items", type=int, default=400)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model).eval()
    print(f"polarity {polarity(model, tokenizer, args.items):.3f}", flush=True)
    print(f"copying {copying(model, tokenizer, args.items // 2):.3f}")


if __name__ == "__main__":
    main()
