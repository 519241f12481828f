"""The system calls that a program may not make, as a filter for the kernel.

seccomp(2), by libseccomp through pyseccomp. Threads are allowed (an event loop in a test client has
one), processes are not: fork(3) is clone(2) without CLONE_THREAD; clone3(2), whose flags a filter
cannot read, is answered ENOSYS, on which the C library falls back to clone(2). What a program has
no honest use for ends it (verdict `forbidden`); what libraries try in passing is refused.
"""

import errno
import socket
import tempfile
from functools import cache
from typing import Any

from slm_lora.errors import UserError

from .inside.runner import CONTROL_FD, REPORT_FD, SPARE_FDS
from .inside.sample import PR_SET_DUMPABLE

CLONE_THREAD = 0x00010000
"""linux/sched.h."""
STACK, LEAST_STACK = 0x20000, 1 << 20
"""MAP_STACK of linux/mman.h; bytes."""
NEGATIVE = 0x80000000
"""Sign of a pid_t: process groups, or all there are."""

FATAL = (
    "execve execveat ptrace process_vm_readv process_vm_writev process_madvise kcmp "
    "pidfd_open pidfd_getfd pidfd_send_signal mount umount umount2 move_mount open_tree fsopen "
    "fsmount fsconfig fspick mount_setattr pivot_root chroot unshare setns bpf perf_event_open "
    "keyctl add_key request_key userfaultfd memfd_create memfd_secret kexec_load kexec_file_load "
    "init_module finit_module delete_module reboot swapon swapoff syslog acct quotactl iopl ioperm "
    "name_to_handle_at open_by_handle_at fanotify_init tkill rt_sigqueueinfo rt_tgsigqueueinfo "
    "shmget shmat msgget semget mq_open connect bind listen accept accept4 sethostname "
    "setdomainname settimeofday clock_settime clock_adjtime adjtimex"
)
REFUSED = (
    "io_uring_setup io_uring_enter io_uring_register setpriority sched_setscheduler sched_setattr "
    "sched_setparam ioprio_set mlock mlockall mlock2 personality modify_ldt lookup_dcookie "
    "vhangup inotify_init inotify_init1 landlock_create_ruleset setuid setgid setreuid "
    "setregid setresuid setresgid setgroups chown fchown lchown fchownat mknod mknodat "
    "setxattr lsetxattr fsetxattr splice vmsplice tee"
)


@cache
def filters() -> tuple[bytes, bytes]:
    """The filter of a zygote, which its forks inherit, and the small one that each fork adds.

    BPF instructions of 8 bytes each. Two, because to load a filter takes its time, and because the
    zygote must fork.

    Raises:
        UserError: pyseccomp or libseccomp is missing.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError) as error:
        raise UserError(
            f"seccomp is not at hand, so programs cannot be run safely ({error})",
            "type pip install pyseccomp and apt-get install libseccomp2",
        ) from error
    fatal, refused, absent = (
        seccomp.KILL_PROCESS,
        seccomp.ERRNO(errno.EPERM),
        seccomp.ERRNO(errno.ENOSYS),
    )
    zygote = seccomp.SyscallFilter(seccomp.ALLOW)
    for action, names in ((fatal, FATAL), (refused, REFUSED)):
        for name in names.split():
            if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
                zygote.add_rule(action, name)
    zygote.add_rule(fatal, "socket", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    zygote.add_rule(refused, "socket", seccomp.Arg(0, seccomp.EQ, socket.AF_UNIX))
    zygote.add_rule(fatal, "socketpair", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))

    fork = seccomp.SyscallFilter(seccomp.ALLOW)
    fork.add_rule(fatal, "fork")
    fork.add_rule(fatal, "vfork")
    fork.add_rule(fatal, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))
    fork.add_rule(absent, "clone3")
    fork.add_rule(absent, "close_range")
    fork.add_rule(fatal, "prctl", seccomp.Arg(0, seccomp.EQ, PR_SET_DUMPABLE))
    # The zygote is process 1, whom no signal ends that it does not handle; nor shall one reach it.
    for name in ("kill", "tgkill"):
        fork.add_rule(fatal, name, seccomp.Arg(0, seccomp.EQ, 1))
        fork.add_rule(fatal, name, seccomp.Arg(0, seccomp.MASKED_EQ, NEGATIVE, NEGATIVE))
    # Limits and cores of another process are not a program's to set.
    for name in ("prlimit64", "sched_setaffinity"):
        fork.add_rule(refused, name, seccomp.Arg(0, seccomp.NE, 0))
    # A thread costs address space, of which there is only so much. posix_spawn(3) maps less, too.
    small_stack = seccomp.Arg(1, seccomp.LT, LEAST_STACK)
    fork.add_rule(fatal, "mmap", small_stack, seccomp.Arg(3, seccomp.MASKED_EQ, STACK, STACK))
    # A program's pipes stay open and in place, even where it closes all it can.
    for fd in (CONTROL_FD, REPORT_FD, *SPARE_FDS):
        fork.add_rule(refused, "close", seccomp.Arg(0, seccomp.EQ, fd))
        for name in ("dup2", "dup3"):
            fork.add_rule(refused, name, seccomp.Arg(1, seccomp.EQ, fd))
    return _exported(zygote), _exported(fork)


def _exported(rules: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
