"""A small local Hub: the endpoints that huggingface_hub's client uses, over real HTTP.

    with LocalHub() as hub:
        hub.fail("commit/", 500)            the next such request fails
        subprocess.run(…, env={**os.environ, **hub.env})

Repositories of models and datasets, private and public; branches, pull requests, small files (git)
and large ones (LFS). Xet, the Hub's other store, is switched off by `env`.
"""

import base64
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.helpers.hub_repo import (
    CREATED,
    LARGE,
    Files,
    RefusedError,
    Repo,
    check_card,
    git_sha1,
    info,
    sha256,
    tree,
    upload_mode,
)

TOKEN = "hf_" + "local" * 7
USER, ORGANISATION = "me", "org"


@dataclass
class Failure:
    """`what`: a status, `cut` (no answer, nothing done) or `lost` (done, but no answer)."""

    request: str
    what: int | str
    times: int
    message: str
    headers: dict[str, str]


class LocalHub:
    """The server; `log` holds every request as `METHOD address`."""

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.large: Files = {}
        self.failures: list[Failure] = []
        self.log: list[str] = []
        hub = self

        class Handler(_Handler):
            def respond(self) -> None:
                _respond(hub, self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def env(self) -> dict[str, str]:
        """Variables with which a process takes this for the Hub; without a token and a cache."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    def fail(
        self, request: str, what: int | str, times: int = 1, message: str = "", **headers: str
    ) -> None:
        """Let the next `times` requests fail whose `METHOD address` holds this pattern."""
        self.failures.append(Failure(request, what, times, message, headers))

    def add(
        self, name: str, files: Files | Path, kind: str = "models", private: bool = False
    ) -> Repo:
        """A repository with these files, or those of a folder."""
        if isinstance(files, Path):
            files = {
                str(file.relative_to(files)): file.read_bytes()
                for file in sorted(files.rglob("*"))
                if file.is_file()
            }
        repo = self.repos[kind, name] = Repo(private)
        repo.commit("main", {".gitattributes": b"*.safetensors filter=lfs\n", **files})
        return repo


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and content in one packet, or each answer takes 40 ms

    def respond(self) -> None:
        raise NotImplementedError

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = lambda self: self.respond()  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self) -> None:
        self.close_connection = True


def _respond(hub: LocalHub, request: _Handler) -> None:
    line = f"{request.command} {request.path}"
    body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
    hub.log.append(line)
    failure = next((f for f in hub.failures if f.times and re.search(f.request, line)), None)
    if failure:
        failure.times -= 1
    if failure and failure.what == "cut":
        return request.cut()
    if failure and isinstance(failure.what, int):
        message = json.dumps({"error": failure.message} if failure.message else {}).encode()
        headers = {name.replace("_", "-"): value for name, value in failure.headers.items()}
        return request.answer(
            failure.what, message, {"Content-Type": "application/json", **headers}
        )
    try:
        answer, headers = _route(hub, request, body)
    except RefusedError as refused:
        named = {"X-Error-Message": str(refused)} | (
            {"X-Error-Code": refused.code} if refused.code else {}
        )
        content = json.dumps({"error": str(refused), "errors": refused.errors}).encode()
        return request.answer(refused.status, content, {"Content-Type": "application/json"} | named)
    if failure:  # lost
        return request.cut()
    if isinstance(answer, bytes):
        return _send_file(request, answer, headers)
    content = json.dumps(answer).encode()
    return request.answer(200, content, {"Content-Type": "application/json", **headers})


def _send_file(request: _Handler, content: bytes, headers: dict[str, str]) -> None:
    if part := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", "")):
        first, last = int(part[1]), int(part[2] or len(content) - 1)
        headers |= {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return request.answer(206, content[first : last + 1], headers)
    return request.answer(200, content, headers)


def _route(hub: LocalHub, request: _Handler, body: bytes) -> tuple[Any, dict[str, str]]:
    """The answer (JSON, or bytes of a file) and its headers."""
    address = urlsplit(request.path)
    path, query = address.path, parse_qs(address.query)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if given and given != TOKEN:
        raise RefusedError(401, "Invalid credentials in Authorization header")
    writes = request.command in ("POST", "PUT", "DELETE")
    if writes and not given and not path.startswith(("/lfs/", "/api/validate")):
        raise RefusedError(401, "Invalid username or password.")
    if path == "/api/whoami-v2":
        if not given:
            raise RefusedError(401, "Invalid username or password.")
        return {"type": "user", "name": USER, "orgs": [{"name": ORGANISATION}]}, {}
    if path == "/api/repos/create":
        return _create(hub, json.loads(body)), {}
    if path == "/api/validate-yaml":
        return check_card(json.loads(body)["content"]), {}
    if path.startswith("/lfs/"):
        name = path.removeprefix("/lfs/")
        if sha256(body) != name:
            raise RefusedError(400, "the content is not what was announced")
        hub.large[name] = body
        return {}, {}
    if match := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
        return _batch(hub, json.loads(body)), {}
    if match := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
        repo = _find(hub, match[1] or "models", match[2], given)
        return _resolve(repo, unquote(match[3]), unquote(match[4]))
    if match := re.fullmatch(
        r"/api/(models|datasets)/([^/]+/[^/]+)(?:/([a-z-]+)(?:/(.*))?)?", path
    ):
        kind, name, verb, rest = match.groups()
        repo = _find(hub, kind, name, given)
        return _api(repo, name, verb, rest or "", query, body, hub), {}
    raise RefusedError(404, f"no such endpoint: {request.command} {path}", "EntryNotFound")


def _find(hub: LocalHub, kind: str, name: str, token: str) -> Repo:
    repo = hub.repos.get((kind.rstrip("/"), name))
    if repo is None or (
        repo.private and (not token or name.split("/")[0] not in (USER, ORGANISATION))
    ):
        raise RefusedError(404, "Repository not found", "RepoNotFound")
    return repo


def _create(hub: LocalHub, asked: dict[str, Any]) -> dict[str, Any]:
    owner = asked.get("organization") or USER
    if owner not in (USER, ORGANISATION):
        raise RefusedError(403, f'You don\'t have the rights to create a model under "{owner}"')
    kind, name = f"{asked.get('type') or 'model'}s", f"{owner}/{asked['name']}"
    if (kind, name) in hub.repos:
        raise RefusedError(409, "You already created this model repo")
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    hub.add(name, {}, kind, private)
    return {"url": f"{hub.url}/{name}", "name": name}


def _api(
    repo: Repo,
    name: str,
    verb: str | None,
    rest: str,
    query: dict[str, list[str]],
    body: bytes,
    hub: LocalHub,
) -> Any:
    may_write = name.split("/")[0] in (USER, ORGANISATION)
    revision, _, folder = map(unquote, rest.partition("/"))
    if verb in (None, "revision"):
        return info(repo, name, revision or "main")
    if verb == "tree":
        return tree(repo.files(revision), folder, query.get("recursive", ["False"])[0])
    if verb == "discussions":
        listed = [
            {
                "title": title,
                "num": number,
                "author": {"name": USER},
                "createdAt": CREATED,
                "status": "open",
                "repo": {"name": name, "type": "model"},
                "isPullRequest": True,
            }
            for number, title in enumerate(repo.requests, 1)
        ]
        return {"count": len(listed), "start": 0, "discussions": listed}
    if not may_write:
        raise RefusedError(403, f"You don't have write access to {name}")
    if verb == "branch":
        repo.branches[revision] = [repo.head("main")]
        return {}
    if verb == "preupload":
        return {"files": [upload_mode(repo, revision, file) for file in json.loads(body)["files"]]}
    if verb == "commit":
        lines = [json.loads(line) for line in body.splitlines()]
        return _commit(hub, repo, name, revision, lines, "create_pr" in query)
    raise RefusedError(404, f"no such endpoint: {verb}", "EntryNotFound")


def _batch(hub: LocalHub, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "transfer": "basic",
        "objects": [
            {**one, "authenticated": True}
            | (
                {}
                if one["oid"] in hub.large
                else {"actions": {"upload": {"href": f"{hub.url}/lfs/{one['oid']}"}}}
            )
            for one in asked["objects"]
        ],
    }


def _commit(
    hub: LocalHub,
    repo: Repo,
    name: str,
    revision: str,
    lines: list[dict[str, Any]],
    as_request: bool,
) -> dict[str, Any]:
    """All of the commit or nothing."""
    head, files = repo.head(revision), dict(repo.files(revision))
    for line in lines:
        value = line["value"]
        if line["key"] == "header":
            title = value["summary"]
            if value.get("parentCommit", head) != head:
                raise RefusedError(
                    412, "A commit has happened since. Please refresh and try again."
                )
        elif line["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif line["key"] == "lfsFile":
            if value["oid"] not in hub.large:
                raise RefusedError(400, f"no such large file: {value['path']}")
            files[value["path"]] = hub.large[value["oid"]]
        else:
            del files[value["path"]]
    if as_request:
        repo.requests.append(title)
        revision = f"refs/pr/{len(repo.requests)}"
    oid = repo.commit(revision, files)
    return {
        "success": True,
        "commitOid": oid,
        "commitUrl": f"{hub.url}/{name}/commit/{oid}",
        "hookOutput": "",
        "pullRequestUrl": f"{hub.url}/{name}/discussions/{len(repo.requests)}",
    }


def _resolve(repo: Repo, revision: str, path: str) -> tuple[bytes, dict[str, str]]:
    head = repo.head(revision)
    if path not in repo.commits[head]:
        raise RefusedError(404, f"{path} does not exist", "EntryNotFound")
    content = repo.commits[head][path]
    name = sha256(content) if path.endswith(LARGE) else git_sha1(content)
    return content, {"X-Repo-Commit": head, "ETag": f'"{name}"', "Accept-Ranges": "bytes"}
