"""The system calls that a program may not make, as a filter for the kernel.

    python -m slm_lora check programs.jsonl

seccomp(2), by libseccomp through pyseccomp. Threads are allowed (an event loop in a test client has
one), processes are not: fork(3) is clone(2) without CLONE_THREAD; clone3(2), whose flags a filter
cannot read, is answered ENOSYS, on which the C library falls back to clone(2). What a program has
no honest use for ends it (verdict `forbidden`); what libraries try in passing is refused.
"""

import errno
import os
import signal
import socket
import tempfile

from slm_lora.errors import UserError

from .inside.runner import CONTROL_FD, REPORT_FD

CLONE_THREAD = 0x00010000
"""linux/sched.h."""

FATAL = (
    "fork vfork execve execveat ptrace process_vm_readv process_vm_writev process_madvise kcmp "
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
    "vhangup inotify_init inotify_init1 seccomp landlock_create_ruleset setuid setgid setreuid "
    "setregid setresuid setresgid setgroups chown fchown lchown fchownat mknod mknodat "
    "setxattr lsetxattr fsetxattr splice vmsplice tee"
)


def bpf() -> bytes:
    """The filter as BPF instructions of 8 bytes each.

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
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    fatal, refused = seccomp.KILL_PROCESS, seccomp.ERRNO(errno.EPERM)

    def add(action: int, names: str, *arguments: object) -> None:
        for name in names.split():
            if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
                rules.add_rule(action, name, *arguments)

    add(fatal, FATAL)
    add(refused, REFUSED)
    add(seccomp.ERRNO(errno.ENOSYS), "clone3")
    add(fatal, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))
    add(fatal, "socket", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    add(refused, "socket", seccomp.Arg(0, seccomp.EQ, socket.AF_UNIX))
    add(fatal, "socketpair", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    add(fatal, "prctl", seccomp.Arg(0, seccomp.EQ, 4))
    # The two pipes stay open and in place, even where a program closes all it can.
    for fd in (CONTROL_FD, REPORT_FD):
        add(refused, "close", seccomp.Arg(0, seccomp.EQ, fd))
        add(refused, "dup2 dup3", seccomp.Arg(1, seccomp.EQ, fd))
    add(seccomp.ERRNO(errno.ENOSYS), "close_range")
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
