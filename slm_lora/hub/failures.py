"""Failures of the hub: which of them pass by themselves, and what to do about the others.

raise explain(error, api, config.hub, is_empty=True) from error
"""

import re

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from slm_lora.config.sections.results import HubConfig
from slm_lora.errors import UserError
from slm_lora.network import HTTPError

REPEATED_BY_CLIENT = ("/preupload/", "/info/lfs/", "/tree/")
"""Addresses that huggingface_hub has asked six times before it gives up."""


def explain(error: Exception, api: HfApi, hub: HubConfig, is_empty: bool) -> UserError:
    """What went wrong and what to do about it. `is_empty`: the repository has no files yet."""
    repo_id, site = hub.repo_id, api.endpoint
    user = str(repo_id).partition("/")[0]
    revision = f" with revision {hub.revision}" if hub.revision else ""
    again = "your files are as they were: type the same command again"
    said = reason(error, str(api.token))
    full = re.search(r"quota|storage|payment|billing", said, re.IGNORECASE)
    match _status(error):
        case 401:
            what = f"{site} does not accept the token"
            hint = (
                f"make one with write permission at {site}/settings/tokens, then type hf auth "
                "login --force, or set HF_TOKEN (it wins over the stored one)"
            )
        case 402 | 403 if full:
            what = f"no room for {repo_id}"
            hint = f"free some or buy more at {site}/settings/billing; hub.what=adapter is smallest"
        case 402 | 403:
            what = f"the token may not write to {repo_id}"
            hint = (
                f"use one with write permission for {user} ({site}/settings/tokens), or name a "
                "hub.repo_id of your own"
            )
        case 404:
            what = f"{site} knows no {repo_id}{revision}"
            hint = "check the user in hub.repo_id, hub.revision, and what the token may see"
        case 409 | 412:
            what = f"{repo_id} is taken, or somebody else is changing it"
            hint = f"look at {site}/{repo_id}; {again}, or name another hub.repo_id"
        case 413:
            what = f"too large for {site}"
            hint = "type hub.what=adapter, or merge again with a smaller merge.max_shard_gb"
        case 429:
            what = f"{site} takes no more requests for now"
            hint = f"wait; {again}"
        case int(status) if status >= 500:
            what = f"{site} fails"
            hint = f"wait; {again}"
        case int():
            what = f"{site} refuses {repo_id}"
            hint = "see the card by --dry-run, and fix what the message names"
        case _:
            what = f"cannot reach {site}"
            hint = f"check the network and the variable HF_ENDPOINT; {again}"
    done = f"; {site}/{repo_id} is there and still empty" if is_empty else ""
    return UserError(f"{what}: {said}; nothing was published{done}", hint)


def _cause(error: Exception) -> Exception:
    """What the client wrapped in a RuntimeError while it uploaded a file."""
    wrapped = error.__cause__
    return wrapped if isinstance(error, RuntimeError) and isinstance(wrapped, HTTPError) else error


def _status(error: Exception) -> int | None:
    cause = _cause(error)
    return cause.response.status_code if isinstance(cause, HfHubHTTPError) else None


def passes(error: Exception) -> bool:
    """Whether the same request may succeed later, and the client has not tried that itself."""
    if not isinstance(error, HTTPError):
        return False
    if not isinstance(error, HfHubHTTPError):
        return True
    status, address = error.response.status_code, str(error.response.request.url)
    passing = status in (408, 429) or status >= 500
    return passing and not any(part in address for part in REPEATED_BY_CLIENT)


def asked_wait(error: Exception) -> int | None:
    """Seconds of a Retry-After header."""
    if not isinstance(error, HfHubHTTPError):
        return None
    asked = error.response.headers.get("Retry-After", "")
    return int(asked) if asked.isdigit() else None


def reason(error: Exception, token: str) -> str:
    """What the hub said, else the status or the network's own words, in a line, and never the
    token: a server may send it back."""
    cause = _cause(error)
    said = str(cause) or type(cause).__name__
    if isinstance(cause, HfHubHTTPError):
        status = f"{cause.response.status_code} {cause.response.reason_phrase}"
        said = f"{status} {cause.server_message or ''}"
    return " ".join(said.split()).replace(token, "***")
