"""Talks to the hub: finds or makes the repository, compares, sends one commit.

    sent = send(config.hub, files, token)

The endpoint is that of huggingface_hub (variable HF_ENDPOINT). What the client does not repeat by
itself is repeated here, and each repetition looks at the repository again, so that a commit whose
answer was lost is found, not made twice.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, ModelInfo
from huggingface_hub.errors import (
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

from slm_lora import __version__
from slm_lora.card import MARK, with_own_text
from slm_lora.config.sections.results import HubConfig
from slm_lora.errors import UserError
from slm_lora.hub.failures import asked_wait, explain, passes, reason
from slm_lora.hub.files import OURS, File
from slm_lora.network import HTTPError
from slm_lora.progress import console, log

WAITS = (1, 2, 4)
"""Seconds before each repetition."""
LONGEST_WAIT = 60
"""The hub may ask for longer waits (Retry-After); beyond this the user is told instead."""
CARD = "README.md"
MESSAGE = "Publish {what} with slm_lora"
Tree = dict[str, RepoFile]
T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """What was done. `changed`: path → `new` or `changed`; empty when nothing had to be sent."""

    url: str
    summary: str
    changed: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


def send(hub: HubConfig, files: list[File], token: str) -> Sent:
    """Bring the repository to hold these files, in one commit or none.

    Raises:
        UserError: the hub refuses or is out of reach, or the repository is somebody else's.
    """
    if not console.is_terminal:
        disable_progress_bars()
    api = HfApi(token=token, library_name="slm_lora", library_version=__version__)
    asked = _Asked(api, hub)
    asked.again(api.whoami)
    there = asked.again(lambda: _find_or_make(api, hub))
    ours = MARK in (there.tags or [])
    _refuse_foreign(there, ours, hub)
    if hub.private and not there.private:
        log.warning("%s is public; hub.private=true is for new repositories", hub.repo_id)
    asked.is_empty = _is_empty(there)
    sent = asked.again(lambda: _commit(api, hub, files, there, ours))
    if asked.repeated and not sent.changed:
        return replace(sent, summary=f"{hub.repo_id} holds these files; one answer had been lost")
    return sent


def _find_or_make(api: HfApi, hub: HubConfig) -> ModelInfo:
    assert hub.repo_id is not None
    try:
        return api.model_info(hub.repo_id)
    except RepositoryNotFoundError:
        log.info("making %s, %s", hub.repo_id, "private" if hub.private else "public")
        api.create_repo(hub.repo_id, private=hub.private)
        return api.model_info(hub.repo_id)


def _is_empty(there: ModelInfo) -> bool:
    return not [s for s in there.siblings or [] if s.rfilename != ".gitattributes"]


def _refuse_foreign(there: ModelInfo, ours: bool, hub: HubConfig) -> None:
    if not (ours or _is_empty(there) or hub.force):
        raise UserError(
            f"{hub.repo_id} holds files that were not published from here (its card has no tag "
            f"{MARK})",
            "name another hub.repo_id, or add hub.force=true to write over files of the same name",
        )


def _commit(api: HfApi, hub: HubConfig, files: list[File], there: ModelInfo, ours: bool) -> Sent:
    """Compare with what is there and send the difference."""
    assert hub.repo_id is not None
    url = f"{api.endpoint}/{hub.repo_id}"
    if hub.revision and not hub.create_pr:
        there = _find_or_make_branch(api, hub.repo_id, hub.revision)
        url += f"/tree/{hub.revision}"
    visible = "private" if there.private else "public"
    tree = _tree(api, hub.repo_id, hub.revision)
    files = _with_own_text(api, hub, files, tree) if ours else files
    changed = _changed(files, tree)
    removed = _no_longer_ours(files, tree) if ours else []
    if not changed and not removed:
        return Sent(url, f"nothing changed: {hub.repo_id} ({visible}) holds these files already")
    title = MESSAGE.format(what=hub.what)
    if hub.create_pr and (number := _same_request(api, hub.repo_id, title, files)):
        return Sent(
            f"{url}/discussions/{number}",
            f"nothing changed: pull request {number} of {hub.repo_id} holds these files already",
        )
    log.info("sending %d files to %s", len(changed), hub.repo_id)
    try:
        sent = api.create_commit(
            hub.repo_id,
            [
                *(CommitOperationAdd(f.path, f.content) for f in files if f.path in changed),
                *(CommitOperationDelete(path, is_folder=False) for path in removed),
            ],
            commit_message=title,
            revision=hub.revision,
            create_pr=hub.create_pr,
            parent_commit=None if hub.create_pr else there.sha,
        )
    except ValueError as error:  # the client's word for a card or a large file that is refused
        raise UserError(
            f"{api.endpoint} refuses {hub.repo_id}: {reason(error, str(api.token))}",
            "nothing was published; see the card by --dry-run",
        ) from error
    where = f"pull request {sent.pr_num}" if hub.create_pr else f"branch {hub.revision or 'main'}"
    summary = f"one commit, {sent.oid[:12]}: {hub.repo_id} ({visible}), {where}"
    return Sent(sent.pr_url or url, summary, changed, removed)


def _find_or_make_branch(api: HfApi, repo_id: str, branch: str) -> ModelInfo:
    try:
        return api.model_info(repo_id, revision=branch)
    except RevisionNotFoundError:
        api.create_branch(repo_id, branch=branch)
        return api.model_info(repo_id, revision=branch)


def _tree(api: HfApi, repo_id: str, revision: str | None) -> Tree:
    found = api.list_repo_tree(repo_id, recursive=True, revision=revision)
    return {entry.path: entry for entry in found if isinstance(entry, RepoFile)}


def _changed(files: list[File], tree: Tree) -> dict[str, str]:
    """Path → `new` or `changed`. The hub names a large file by its SHA-256, another one by git's
    SHA-1."""
    found = {}
    for file in files:
        there = tree.get(file.path)
        if there is None:
            found[file.path] = "new"
        elif there.lfs.sha256 != file.sha256 if there.lfs else there.blob_id != file.git_sha1:
            found[file.path] = "changed"
    return found


def _no_longer_ours(files: list[File], tree: Tree) -> list[str]:
    """Files of an earlier publication that this one has not."""
    sent = {file.path for file in files}
    return [path for path in tree if path not in sent and any(_is(path, name) for name in OURS)]


def _is(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def _with_own_text(api: HfApi, hub: HubConfig, files: list[File], tree: Tree) -> list[File]:
    """With what was written on the hub below the card.

    Raises:
        ConnectionError: the client has an older one only.
    """
    assert hub.repo_id is not None
    if CARD not in tree:
        return files
    there = File(CARD, Path(api.hf_hub_download(hub.repo_id, CARD, revision=hub.revision)))
    if there.git_sha1 != tree[CARD].blob_id:
        raise ConnectionError(f"{hub.repo_id}: {CARD} cannot be read")
    before = there.text
    return [
        File(CARD, with_own_text(file.content.decode(), before).encode())
        if file.path == CARD and isinstance(file.content, bytes)
        else file
        for file in files
    ]


def _same_request(api: HfApi, repo_id: str, title: str, files: list[File]) -> int | None:
    """Number of an open pull request of ours with these very files."""
    for request in api.get_repo_discussions(
        repo_id, discussion_type="pull_request", discussion_status="open"
    ):
        if request.title == title:
            tree = _tree(api, repo_id, request.git_reference)
            if not _changed(files, tree) and not _no_longer_ours(files, tree):
                return request.num
    return None


@dataclass
class _Asked:
    """Repeats a step that fails for the moment (failures.py). `is_empty`: the
    repository has no files yet; `repeated`: the last step had to be repeated."""

    api: HfApi
    hub: HubConfig
    is_empty: bool = False
    repeated: bool = False

    def again(self, step: Callable[[], T]) -> T:
        """The step's result.

        Raises:
            UserError: the step fails for good, or longer than we wait.
        """
        self.repeated = False
        for wait in (*WAITS, None):
            try:
                return step()
            except (HTTPError, ConnectionError, RuntimeError, json.JSONDecodeError) as error:
                if wait is None or not passes(error):
                    raise explain(error, self.api, self.hub, self.is_empty) from error
                seconds = asked_wait(error) or wait
                if seconds > LONGEST_WAIT:
                    raise explain(error, self.api, self.hub, self.is_empty) from error
                why = reason(error, str(self.api.token))
                log.warning("%s; trying again in %d s", why, seconds)
                time.sleep(seconds)
                self.repeated = True
        raise AssertionError("unreachable")
