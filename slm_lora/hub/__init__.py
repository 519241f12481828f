"""A finished run on the hub: adapter or merged model, card, metrics, config, plots in one commit.

    python -m slm_lora publish RUN hub.repo_id=me/name --dry-run
    python -m slm_lora publish RUN hub.repo_id=me/name hub.what=both

files.py says what goes up, scan.py refuses secrets and paths of this machine, remote.py sends it.
"""

from huggingface_hub import get_token, is_offline_mode
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]
from rich.filesize import decimal
from rich.table import Table

from slm_lora.config.quoting import setting, shell_word
from slm_lora.config.schema import Config
from slm_lora.config.sections.results import HubConfig
from slm_lora.console import stdout
from slm_lora.errors import UserError
from slm_lora.hub import remote
from slm_lora.hub.files import File, files_of, refuse_links
from slm_lora.hub.scan import refuse_private
from slm_lora.run_folder import Run, check_merged

__all__ = ["publish"]


def publish(config: Config, run: Run, dry_run: bool) -> None:
    """Send the run to `hub.repo_id`, or with `dry_run` only show what would be sent.

    Raises:
        UserError: nothing was sent, or only an empty repository was made; the message says which.
    """
    hub = config.hub
    _check(hub, run)
    if not dry_run and is_offline_mode():
        raise UserError(
            "publish needs a network, and the variable HF_HUB_OFFLINE is set",
            "unset HF_HUB_OFFLINE, or add --dry-run to see what would be sent",
        )
    token = get_token()
    if not dry_run and token is None:
        raise UserError(
            "publish needs a token of the hub, and there is none",
            "make one with write permission in the hub's settings, then type hf auth login or set "
            "the variable HF_TOKEN",
        )
    refuse_links(run)
    files = files_of(config, run, download=not dry_run)
    refuse_private(files, run.path, token)
    console = stdout()
    if dry_run or token is None:
        console.print(_table(files, {}))
        print(next(file.text for file in files if file.path == "README.md"))
        print(f"dry run: nothing was sent to {hub.repo_id}; leave out --dry-run to publish")
        return
    sent = remote.send(hub, files, token)
    console.print(_table(files, sent.changed))
    for path in sent.removed:
        console.print(f"removed: {path}")
    console.print(sent.summary, soft_wrap=True)
    print(sent.url)


def _check(hub: HubConfig, run: Run) -> None:
    if hub.repo_id is None:
        raise UserError(
            "publish needs a name on the hub",
            f"type slm-lora publish {shell_word(str(run.path))} hub.repo_id=USER/NAME",
        )
    try:
        validate_repo_id(hub.repo_id)
    except HFValidationError as error:
        raise UserError(
            f"hub.repo_id={hub.repo_id}: {error}", "expected USER/NAME, such as me/my-adapter"
        ) from error
    if "/" not in hub.repo_id:
        raise UserError(
            f"hub.repo_id={hub.repo_id} names no user", "expected USER/NAME, such as me/my-adapter"
        )
    if not (run.metrics.exists() or run.combination.exists() or hub.force):
        raise UserError(
            f"metrics.json not found in {run.path}, so the worth of its adapter is not known",
            f"let the run finish ({setting('run_dir', str(run.path))}), or publish it all the same "
            "by hub.force=true",
        )
    if hub.what != "adapter":
        if not run.merged.is_dir():
            raise UserError(
                f"hub.what={hub.what}, but no merged model found in {run.path}",
                f"type slm-lora merge {shell_word(str(run.path))} first",
            )
        check_merged(run)


def _table(files: list[File], changed: dict[str, str]) -> Table:
    """Path and size of each file, and what was done with it."""
    table = Table(caption=f"{len(files)} files, {decimal(sum(file.size for file in files))}")
    table.add_column("file")
    table.add_column("size", justify="right")
    if changed:
        table.add_column("")
    for file in files:
        done = (changed.get(file.path, "as before"),) if changed else ()
        table.add_row(file.path, decimal(file.size), *done)
    return table
