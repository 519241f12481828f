"""The command line of bubblewrap: namespaces around one worker.

bwrap(1). All namespaces are new, so there is no network, no other process and no other host name;
no capability is left; the root is read-only and holds the interpreter, its packages and the few
folders that its shared libraries lie in; the only place to write to is /scratch, a tmpfs of fixed
size. The home folder, the repository, /etc, /sys and /proc are not there (through /proc/self/mem a
program could write to its own memory, were we root).
"""

import shutil
import sys
import sysconfig
from pathlib import Path

from slm_lora.errors import UserError

from .inside.mounts import DEVICES, SCRATCH

INSIDE = Path(__file__).parent / "inside"
PREFIX = "/sandbox"
LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/lib", "/lib32", "/lib64")
EXTRAS = ("/etc/ld.so.cache", "/usr/share/zoneinfo")


def command(python: list[str], scratch_bytes: int, info_fd: int) -> list[str]:
    """`python` inside namespaces; bubblewrap writes {"child-pid": …} to `info_fd`.

    Raises:
        UserError: bubblewrap is not installed.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise UserError(
            "bubblewrap is not installed (no bwrap on PATH), so programs cannot be run safely",
            "install it: apt-get install bubblewrap, dnf install bubblewrap, pacman -S bubblewrap; "
            "where there is none (macOS), sandbox=process runs programs with limits only",
        )
    namespaces = ("user", "ipc", "pid", "net", "uts", "cgroup")
    return [
        bwrap,
        *(f"--unshare-{namespace}" for namespace in namespaces),
        *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox"),
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),  # until inside/mounts.py has done
        *("--new-session", "--die-with-parent", "--as-pid-1"),
        *("--info-fd", str(info_fd)),
        *_mounts(),
        *("--ro-bind", str(INSIDE), f"{PREFIX}/inside"),
        *(part for device in DEVICES for part in ("--dev-bind", device, device)),
        *("--symlink", SCRATCH, "/dev/shm"),  # where semaphores lie
        *("--size", str(scratch_bytes), "--perms", "0700", "--tmpfs", SCRATCH),
        *("--remount-ro", "/", "--chdir", SCRATCH),
        *("--unsetenv", "PWD", "--setenv", "PYTHONHASHSEED", "0"),
        *("--setenv", "MALLOC_ARENA_MAX", "1"),
        "--",
        *python,
    ]


def packages() -> set[Path]:
    """Folders of the interpreter and its packages, as they are named."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return {Path(path) for path in (*prefixes, *map(sysconfig.get_path, names))}


def _mounts() -> list[str]:
    """The interpreter and what it is linked to, read-only and at the same paths, and every link on
    the way to them: a virtual environment's python is one, and may stand for another one."""
    named = packages() | {path for path in map(Path, (*LIBRARIES, *EXTRAS)) if path.exists()}
    wanted = {path.resolve() for path in named}
    links: dict[Path, str] = {}
    started = {sys.executable, getattr(sys, "_base_executable", sys.executable)}
    for path in (*named, *map(Path, started)):
        links |= _links(path)
    arguments = []
    for path, target in sorted(links.items()):
        if not any(path.is_relative_to(other) for other in wanted):
            arguments += ["--symlink", target, str(path)]
    # Parents first, and nothing twice.
    for path in sorted(wanted):
        if not any(path.is_relative_to(other) for other in wanted - {path}):
            arguments += ["--ro-bind", str(path), str(path)]
    return arguments


def _links(path: Path) -> dict[Path, str]:
    """All links that are passed on the way to a path, and what each says."""
    found: dict[Path, str] = {}
    here, todo = Path("/"), list(reversed(path.parts[1:]))
    while todo:
        part = todo.pop()
        step = here.parent if part == ".." else here / part
        if step.is_symlink():
            target = step.readlink()
            found[step] = str(target)
            todo += reversed(target.parts)  # an absolute one begins with "/", which leads there
        else:
            here = step
    return found
