"""An OpenAI-compatible endpoint: `slm-lora serve RUN serve.port=8080`."""

from slm_lora.cli.finished import open_adapted
from slm_lora.cli.verb import Verb
from slm_lora.hardware import check_without_torch


def main(words: list[str]) -> None:
    """Serve until interrupted."""
    finished = open_adapted("serve", VERB, words)
    check_without_torch(finished.config)
    from slm_lora.serve import serve

    serve(finished.config, finished.folder)


VERB = Verb(
    summary="OpenAI-compatible endpoint, and a page",
    usage="RUN [key=value …]",
    about=(
        "Serves the models `base` and `tuned` by the OpenAI protocol, with streaming, and a page "
        "at / that shows both answers side by side. A key that clients must send: variable "
        "SLM_LORA_API_KEY. Needs: pip install 'slm-lora[serve]'."
    ),
    examples=("serve RUN", "serve RUN serve.host=0.0.0.0 serve.port=8080"),
    main=main,
    may_change=("serve", "chat", "model.name_or_path", "quantization", "device", "precision"),
)
