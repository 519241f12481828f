"""Train nano's tokenizer: byte-level BPE of 4,096 pieces. Run after corpus.py.

    python recipes/nano/tokenizer.py --data build/nano --out build/nano/tokenizer

A space is a piece of its own and a digit too, so a word has the same pieces after a space, after a
quote and at the start of a line: that is what makes copying into code learnable. Every byte is in
the alphabet, so any text survives the round trip.
"""

import argparse
import itertools
import json
import re
from pathlib import Path

from corpus import ASSISTANT, BOS, END, PAD, SYSTEM, USER
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

# Words that tasks use as labels: each must be one piece, so it is repeated until BPE merges it.
LABELS = (
    "negative positive neutral bad good yes no true false True False None happy sad spam ham "
    "world sports business science great terrible up down entailment contradiction"
)
SPLIT = r" +|\n+|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+|\s"

CONTEXT = 512

CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{%- if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{- raise_exception('Unknown role: ' + message['role']) }}"
    "{%- endif %}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


def train(texts: list[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Train on plain texts and wrap the result for transformers, chat template included."""
    markers = re.compile(r"<\|\w+\|>")
    plain = (markers.sub("\n", text) for text in texts)
    special = [PAD, BOS, END, SYSTEM, USER, ASSISTANT]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=special, show_progress=False, max_token_length=16,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )  # fmt: skip
    labels = [LABELS] * max(100, len(texts) // 20)
    tokenizer.train_from_iterator(itertools.chain(plain, labels), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, eos_token=END, pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT], chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT, clean_up_tokenization_spaces=False, padding_side="right",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("build/nano"))
    parser.add_argument("--out", type=Path, default=Path("build/nano/tokenizer"))
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--documents", type=int, default=20_000, help="read of each file")
    args = parser.parse_args()
    texts = []
    for name in ("train", "late"):
        with (args.data / f"{name}.jsonl").open(encoding="utf-8") as file:
            texts += [json.loads(line)["text"] for line in itertools.islice(file, args.documents)]
    tokenizer = train(texts, args.vocab_size)
    tokenizer.save_pretrained(args.out)
    split = [label for label in LABELS.split() if len(tokenizer(label).input_ids) > 1]
    sample = texts[:1000]
    tokens = sum(len(ids) for ids in tokenizer(sample, verbose=False).input_ids)
    ratio = sum(map(len, sample)) / tokens
    print(f"{args.out}: {len(tokenizer)} pieces, {ratio:.2f} characters a token")
    print(f"label words of several pieces: {split or 'none'}")


if __name__ == "__main__":
    main()
