"""llama2.c's tokenizer.bin: pieces with scores, as SentencePiece has them.

The file: int32 bytes of the longest piece, then for each piece fp32 score, int32 length, bytes. A
text is split into characters (bytes for those unknown), and the neighbours that make the piece with
the highest score are joined until none do. transformers keeps the same as a list of merges.
Format: https://github.com/karpathy/llama2.c (tokenizer.py, run.c).
"""

import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import bytes_to_unicode

from slm_lora.errors import UserError

SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{n:02X}>" for n in range(256)]
FIRST = len(SPECIAL) + len(BYTES)
"""Id of the first piece that is neither special nor a byte."""
SPACE = "▁"
Stored = list[tuple[float, bytes]]
"""(score, bytes) of each piece, as in the file."""


@dataclass(frozen=True)
class Pieces:
    """Texts (`▁` for a space) and scores of a SentencePiece tokenizer, in the order of the ids."""

    texts: list[str]
    scores: list[float]

    def merges(self) -> list[tuple[str, str]]:
        """Every way to join two pieces to a third, the best first; ties by id."""
        ids = {text: n for n, text in enumerate(self.texts)}
        fixed = {*SPECIAL, *BYTES}
        joined = [n for n, text in enumerate(self.texts) if text not in fixed and len(text) > 1]
        found = []
        for n in sorted(joined, key=lambda n: (-self.scores[n], n)):
            text = self.texts[n]
            splits = [(text[:i], text[i:]) for i in range(1, len(text))]
            known = [(left, right) for left, right in splits if left in ids and right in ids]
            found += sorted(known, key=lambda pair: (ids[pair[0]], ids[pair[1]]))
        return found

    def tokenizer(self) -> Tokenizer:
        """Applies the pieces as llama2.c and llama.cpp do; knows <unk>, <s> and </s>."""
        vocabulary = {text: n for n, text in enumerate(self.texts)}
        backend = Tokenizer(
            models.BPE(
                vocabulary, self.merges(), unk_token="<unk>", fuse_unk=True, byte_fallback=True
            )
        )
        backend.normalizer = normalizers.Sequence(
            [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
        )
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
        )
        backend.decoder = decoders.Sequence(
            [
                decoders.Replace(SPACE, " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        backend.add_special_tokens(SPECIAL)
        return backend


def read(file: Path) -> Stored:
    """The pieces of a file.

    Raises:
        UserError: the file ends inside a piece.
    """
    content = file.read_bytes()
    found: Stored = []
    offset = 4
    while offset < len(content):
        score, length = struct.unpack_from("<fi", content.ljust(offset + 8, b"\0"), offset)
        end = offset + 8 + length
        if length < 0 or end > len(content):
            raise UserError(
                f"{file}: piece {len(found)} is cut off",
                "expected a whole tokenizer.bin of llama2.c; copy it again",
            )
        found.append((score, content[offset + 8 : end]))
        offset = end
    return found


def write(file: Path, pieces: Stored) -> None:
    """Write (score, bytes) of each piece."""
    parts = [struct.pack("<i", max(len(piece) for _, piece in pieces))]
    parts += [struct.pack("<fi", score, len(piece)) + piece for score, piece in pieces]
    file.write_bytes(b"".join(parts))


def as_transformers(file: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a file, without a chat template.

    Raises:
        UserError: the pieces are not those of SentencePiece with bytes.
    """
    stored = read(file)
    texts = [piece.decode("utf-8", errors="replace") for _, piece in stored]
    if texts[len(SPECIAL) : FIRST] != BYTES:
        raise UserError(
            f"{file} has no byte pieces (<0x00> and so on) from id 3, so it does not say how texts "
            "are split",
            "name the tokenizer in transformers' form: model.tokenizer=FOLDER_OR_HUB_ID",
        )
    texts = [*SPECIAL, *BYTES, *(text.replace(" ", SPACE) for text in texts[FIRST:])]
    return PreTrainedTokenizerFast(
        tokenizer_object=Pieces(texts, [score for score, _ in stored]).tokenizer(),
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )


def pieces_of(tokenizer: PreTrainedTokenizerBase) -> Pieces:
    """The pieces of a transformers tokenizer of SentencePiece's kind, scored by the order in which
    it joins them.

    Raises:
        UserError: it joins its pieces in a way that scores cannot say.
    """
    model = model_of(tokenizer)
    kept = {*BYTES, *tokenizer.get_added_vocab()}
    merges = [(left, right) for left, right in model["merges"] if left + right not in kept]
    order = list(dict.fromkeys(left + right for left, right in merges))
    rank = {text: n for n, text in enumerate(order)}
    texts = texts_of(tokenizer)
    for text in texts:
        if text not in kept:  # a character, which nothing is joined to
            rank.setdefault(text, len(rank))
    pieces = Pieces(texts, [0.0 if text in kept else -float(rank[text]) for text in texts])
    again = [pair for pair in pieces.merges() if "".join(pair) not in kept]
    if set(again) != set(merges) or list(dict.fromkeys(a + b for a, b in again)) != order:
        raise UserError(
            "the tokenizer's merges are not those of SentencePiece, which joins whatever makes a "
            "piece",
            "type format=hf, which takes any tokenizer",
        )
    return pieces


def stored_pieces(tokenizer: PreTrainedTokenizerBase, size: int) -> Stored:
    """The pieces as tokenizer.bin holds them, `size` of them: rows of the model without a token get
    a name.

    Raises:
        UserError: the tokenizer is no BPE over bytes or with bytes to fall back on.
    """
    model = model_of(tokenizer)
    if model["type"] == "BPE" and model["byte_fallback"]:
        pieces = pieces_of(tokenizer)
        if pieces.texts[len(SPECIAL) : FIRST] != BYTES:
            raise UserError(
                "the tokenizer's byte tokens do not lie at 3 to 258, where llama2.c looks for them",
                "type format=gguf or format=hf",
            )
        special = {1: f"\n{pieces.texts[1]}\n", 2: f"\n{pieces.texts[2]}\n"}
        stored = [
            (score, special.get(n, text).replace(SPACE, " ").encode())
            for n, (text, score) in enumerate(zip(pieces.texts, pieces.scores, strict=True))
        ]
    elif is_byte_level(tokenizer):
        ranks: dict[str, int] = {}
        for n, (left, right) in enumerate(model["merges"]):
            ranks.setdefault(left + right, n)
        byte = {character: n for n, character in bytes_to_unicode().items()}
        added = set(tokenizer.get_added_vocab())
        stored = [
            (
                -float(ranks.get(text, 0)),
                text.encode() if text in added else bytes(byte[letter] for letter in text),
            )
            for text in texts_of(tokenizer)
        ]
    else:
        raise UserError(
            f"llama2.c's tokenizer.bin cannot hold a {model['type']} tokenizer",
            "it holds BPE over bytes or with bytes to fall back on; type format=hf",
        )
    return stored + [(0.0, f"<pad{n}>".encode()) for n in range(len(stored), size)]


def encode(text: str, pieces: Stored) -> list[int]:
    """Token ids that run.c gives a prompt: begin of text, a space, then the text, whose special
    tokens it does not know."""
    ids: dict[bytes, int] = {}
    for n, (_, piece) in enumerate(pieces):
        ids.setdefault(piece, n)
    tokens = [ids[b" "]] if text and b" " in ids else []
    for character in text:
        known = ids.get(character.encode())
        tokens += [byte + len(SPECIAL) for byte in character.encode()] if known is None else [known]
    while True:
        joined = [ids.get(pieces[left][1] + pieces[right][1]) for left, right in pairwise(tokens)]
        found = [(pieces[n][0], -place) for place, n in enumerate(joined) if n is not None]
        if not found:
            return [1, *tokens]
        place = -max(found)[1]
        best = joined[place]
        assert best is not None
        tokens[place : place + 2] = [best]


def model_of(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """The model part of tokenizer.json.

    Raises:
        UserError: the tokenizer has no such file.
    """
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise UserError(
            f"{type(tokenizer).__name__} has no tokenizer.json", "type format=hf, which needs none"
        )
    model: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    return model


def is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether it is a BPE over bytes, written as GPT-2's 256 characters. Not all of them need be
    tokens: bytes that its makers' texts never had are missing in some."""
    if model_of(tokenizer)["type"] != "BPE":
        return False
    decoder = json.loads(tokenizer.backend_tokenizer.to_str())["decoder"] or {}
    return any(part.get("type") == "ByteLevel" for part in (decoder, *decoder.get("decoders", [])))


def texts_of(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Tokens in the order of their ids; a missing id gets a name."""
    by_id = {n: text for text, n in tokenizer.get_vocab().items()}
    return [by_id.get(n, f"<unused{n}>") for n in range(max(by_id) + 1)]
