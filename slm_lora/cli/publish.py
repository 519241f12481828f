"""Adapter and card to the hub: `slm-lora publish RUN hub.repo_id=me/name --dry-run`."""

from slm_lora.cli.finished import open_adapted
from slm_lora.cli.verb import Verb


def main(words: list[str]) -> None:
    """Publish, or with --dry-run only show what would be."""
    dry_run, words = "--dry-run" in words, [word for word in words if word != "--dry-run"]
    finished = open_adapted("publish", VERB, words)
    from slm_lora.hub import publish

    publish(finished.config, finished.folder, dry_run=dry_run)


VERB = Verb(
    summary="adapter and card to the hub",
    usage="RUN hub.repo_id=me/name [--dry-run]",
    about=(
        "Puts adapter, tokenizer, card, metrics, config and plots on the hub in one commit; no "
        "training data, optimizer, local path or token. The token comes from HF_TOKEN or "
        "`hf auth login`."
    ),
    examples=(
        "publish RUN hub.repo_id=me/name --dry-run",
        "publish RUN hub.repo_id=me/name hub.what=both hub.create_pr=true",
    ),
    main=main,
    options=(("--dry-run", "file list, sizes and the card; nothing is sent"),),
    may_change=("hub",),
    repeatable=True,
)
