r"""How llama.cpp cuts up a text before it joins tokens. Read from its src/llama-vocab.cpp.

Merges over bytes join within words, and a GGUF file only names the way to find these
(tokenizer.ggml.pre). Scored pieces, SentencePiece's, join over spaces.
"""

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
LLAMA3 = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = {
    "smollm": [r"\p{N}", GPT2],
    "gpt-2": [GPT2],
    "qwen2": [LLAMA3.replace("{1,3}", "")],
    "llama-bpe": [LLAMA3],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
}
"""Name of a way to split texts → its expressions. `superbpe` splits almost nothing, and so fits
tokenizers whose merges keep within words by themselves."""
SAME = {
    **dict.fromkeys(("starcoder", "refact", "command-r", "codeshell", "exaone"), "smollm"),
    **dict.fromkeys(("phi-2", "mpt", "olmo"), "gpt-2"),
    **dict.fromkeys(("stablelm2", "deepseek-r1-qwen"), "qwen2"),
    **dict.fromkeys(("llama3", "llama-v3", "falcon3"), "llama-bpe"),
}
"""Further names that files have for those ways."""


def split_as(backend: Tokenizer, pre: str) -> None:
    """Let a BPE over bytes split as one of `WORDS` from now on."""
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *(pre_tokenizers.Split(Regex(one), "isolated") for one in WORDS[pre]),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    # Only there llama.cpp takes a word that is a token without looking at the merges.
    backend.model.ignore_merges = pre == "llama-bpe"


def keep_whole(backend: Tokenizer, space_first: bool = True) -> None:
    """Let scored pieces join over spaces, written as ▁, from now on; `space_first` puts one before
    every stretch of text, at the start and after a special token."""
    first = [normalizers.Prepend("▁")] if space_first else []
    backend.normalizer = normalizers.Sequence([*first, normalizers.Replace(" ", "▁")])
    backend.pre_tokenizer = pre_tokenizers.Sequence([])
