"""The tensors of a transformers folder, one at a time."""

from pathlib import Path

from safetensors import safe_open

from slm_lora.llama2c.weights import Array


class Weights:
    """fp32 tensors by name, in the order of the files; only the one asked for is in memory."""

    def __init__(self, folder: Path) -> None:
        self._file: dict[str, Path] = {}
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, "pt") as opened:
                self._file |= dict.fromkeys(opened.keys(), file)
        self.names = list(self._file)

    def __call__(self, name: str) -> Array:
        with safe_open(self._file[name], "pt") as opened:
            tensor: Array = opened.get_tensor(name).float().numpy()
        return tensor

    def shape(self, name: str) -> tuple[int, ...]:
        """Without reading the values."""
        with safe_open(self._file[name], "pt") as opened:
            return tuple(opened.get_slice(name).get_shape())
