r"""How llama.cpp lets a text fall into words, the first step of its merges over bytes.

A GGUF file only names the way (tokenizer.ggml.pre). Read from llama.cpp's src/llama-vocab.cpp.
"""

from tokenizers import Regex, Tokenizer, pre_tokenizers

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
