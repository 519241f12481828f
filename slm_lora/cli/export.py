"""The merged model for other programs: `slm-lora export RUN format=gguf type=q8_0`."""

from importlib.util import find_spec

from slm_lora.cli.finished import open_adapted
from slm_lora.cli.merge import merge_run
from slm_lora.cli.verb import Verb
from slm_lora.config.quoting import shell_word
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.run_folder import alone


def main(words: list[str]) -> None:
    """Write one file format; `format` and `type` need no `export.` before them."""
    words = [f"export.{w}" if w.startswith(("format=", "type=")) else w for w in words]
    finished = open_adapted("export", VERB, words)
    folder = finished.folder
    merging = [word for word in finished.settings if word.startswith("merge.")]
    if folder.merged.exists() and merging:
        line = " ".join(map(shell_word, ["slm-lora", "merge", str(folder.path), *merging]))
        raise UserError(
            f"{folder.path} is merged already, so {merging[0]} would change nothing",
            f"type {line} first",
        )
    if finished.config.export.type == "q4_k_m" and find_spec("llama_cpp") is None:
        raise UserError(
            "type=q4_k_m is made by llama.cpp's own quantizer, which is not installed",
            "type pip install 'slm-lora[llama-cpp]' (built from source: minutes), or type=q8_0",
        )
    if finished.config.export.format != "lora-gguf" and not folder.merged.exists():
        merge_run(finished.config, folder)
    from slm_lora.export import export
    from slm_lora.report import write_report

    with alone(folder.path):
        export(finished.config, folder)
        if folder.report.exists():  # it also shows what the number format cost
            try:
                write_report(folder.path)
            except UserError as error:
                log.warning("%s is as it was: %s", folder.report, error.message)


VERB = Verb(
    summary="for llama.cpp, Ollama, vLLM, llama2.c; read back",
    usage="RUN format=gguf [type=q8_0|q4_k_m]",
    about=(
        "Writes the merged model, or the adapter, in the file format of another program, into "
        "RUN/exports. Each file is read back and must write the same as the merged model. A run "
        "that is not merged yet is merged first. `format` and `type` stand for export.format and "
        "export.type."
    ),
    examples=(
        "export RUN format=gguf type=q8_0",
        "export RUN format=gguf type=q4_k_m",
        "export RUN format=llama2c",
        "export RUN format=lora-gguf",
    ),
    main=main,
    may_change=("export", "merge", "model.name_or_path"),
    repeatable=True,
)
