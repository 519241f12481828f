"""What bubblewrap cannot say of its mounts.

Nothing in the scratch folder may be executed, nor mapped executable; and the devices, which are the
host's, keep their modes and owners though root may be the one who asks: a read-only mount refuses
chmod(2), and takes reads and writes of a device all the same.
"""

import ctypes
import os

SCRATCH = "/scratch"
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
"""linux/mount.h."""
CAPABILITY_VERSION_3 = 0x20080522
"""linux/capability.h."""

libc = ctypes.CDLL(None, use_errno=True)


def fasten(as_root: bool) -> None:
    """Set the flags of the mounts, then give up the capability which that takes.

    Raises OSError where the kernel refuses. AppArmor does (Ubuntu's profile of bwrap); who is not
    root can change no device anyway, and has the scratch folder as it is.
    """
    try:
        _remount(SCRATCH, MS_NOSUID | MS_NODEV | MS_NOEXEC)
        for device in DEVICES:
            _remount(device, MS_NOSUID | MS_RDONLY | MS_NOEXEC)
    except PermissionError:
        if as_root:
            raise
    version_and_self = CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4)
    must(libc.capset(version_and_self, bytes(24)), "capset")


def _remount(path: str, flags: int) -> None:
    flags |= MS_REMOUNT | MS_BIND
    must(libc.mount(None, path.encode(), None, ctypes.c_ulong(flags), None), f"remount {path}")


def must(result: int, what: str) -> None:
    """Raise OSError where a function of the C library failed."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
