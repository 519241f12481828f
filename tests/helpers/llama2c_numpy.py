"""llama2.c's forward pass in NumPy, straight from the bytes of model.bin: nothing of slm_lora.

logits = forward(Path("model.bin"), [1, 403, 407])
"""

import struct
from pathlib import Path

import numpy as np


def matrices(content: bytes) -> tuple[dict, dict]:
    """Header and tensors, as run.c (version 0) and runq.c (version 2) walk through the file."""
    quantized = struct.unpack_from("<I", content)[0] == 0x616B3432
    names = ("dim", "hidden", "layers", "heads", "kv_heads", "vocab", "context")
    head = dict(zip(names, struct.unpack_from("<7i", content, 8 if quantized else 0), strict=True))
    shared = content[36] == 1 if quantized else head["vocab"] > 0
    head["vocab"] = abs(head["vocab"])
    group = struct.unpack_from("<i", content, 37)[0] if quantized else 0
    at = 256 if quantized else 28
    size = head["dim"] // head["heads"]

    def floats(*shape: int) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(content, "<f4", int(np.prod(shape)), at).reshape(shape)
        at += values.nbytes
        return values.astype(np.float64)

    def matrix(layers: int, rows: int, columns: int) -> np.ndarray:
        nonlocal at
        if not quantized:
            return floats(layers, rows, columns)
        found = []
        for _ in range(layers):
            steps = np.frombuffer(content, np.int8, rows * columns, at)
            at += steps.nbytes
            found.append(steps.reshape(-1, group) * floats(rows * columns // group, 1))
        return np.stack([one.reshape(rows, columns) for one in found])

    dim, hidden, layers = head["dim"], head["hidden"], head["layers"]
    shapes = {
        "wq": (dim, dim),
        "wk": (head["kv_heads"] * size, dim),
        "wv": (head["kv_heads"] * size, dim),
        "wo": (dim, dim),
        "w1": (hidden, dim),
        "w2": (dim, hidden),
        "w3": (hidden, dim),
    }
    found = {}
    if quantized:
        found["att"], found["ffn"], found["last"] = (
            floats(layers, dim),
            floats(layers, dim),
            floats(dim),
        )
        found["embed"] = matrix(1, head["vocab"], dim)[0]
        found |= {name: matrix(layers, *shape) for name, shape in shapes.items()}
    else:
        found["embed"] = floats(head["vocab"], dim)
        found["att"] = floats(layers, dim)
        found |= {name: matrix(layers, *shapes[name]) for name in ("wq", "wk", "wv", "wo")}
        found["ffn"] = floats(layers, dim)
        found |= {name: matrix(layers, *shapes[name]) for name in ("w1", "w2", "w3")}
        found["last"] = floats(dim)
        at += 4 * head["context"] * size
    found["head"] = found["embed"] if shared else matrix(1, head["vocab"], dim)[0]
    assert at == len(content)
    return head, found


def norm(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)


def rotate(x: np.ndarray) -> np.ndarray:
    """Neighbouring values of each head turn together; x: (positions, heads, size)."""
    size = x.shape[-1]
    angles = np.outer(np.arange(len(x)), 10000.0 ** (-np.arange(0, size, 2) / size))[:, None]
    even, odd = x[..., ::2], x[..., 1::2]
    turned = np.empty_like(x)
    turned[..., ::2] = even * np.cos(angles) - odd * np.sin(angles)
    turned[..., 1::2] = even * np.sin(angles) + odd * np.cos(angles)
    return turned


def forward(file: Path, ids: list[int]) -> np.ndarray:
    """Logits, (positions, vocabulary)."""
    head, w = matrices(file.read_bytes())
    size, n = head["dim"] // head["heads"], len(ids)
    later = np.triu(np.full((n, n), -np.inf), 1)
    x = w["embed"][ids]
    for layer in range(head["layers"]):
        h = norm(x, w["att"][layer])
        q = rotate((h @ w["wq"][layer].T).reshape(n, -1, size))
        k = rotate((h @ w["wk"][layer].T).reshape(n, -1, size))
        v = (h @ w["wv"][layer].T).reshape(n, -1, size)
        k, v = (np.repeat(one, head["heads"] // head["kv_heads"], axis=1) for one in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size) + later
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        weights = scores / scores.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", weights, v).reshape(n, -1) @ w["wo"][layer].T
        h = norm(x, w["ffn"][layer])
        gate = h @ w["w1"][layer].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w["w3"][layer].T)) @ w["w2"][layer].T
    return norm(x, w["last"]) @ w["head"].T


def greedy(file: Path, prompt: list[int], count: int, stop: int) -> list[int]:
    """Tokens written after the prompt, up to and with `stop`."""
    ids = list(prompt)
    while len(ids) < len(prompt) + count and (len(ids) == len(prompt) or ids[-1] != stop):
        ids.append(int(forward(file, ids)[-1].argmax()))
    return ids[len(prompt) :]
