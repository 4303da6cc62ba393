"""Who drives a run: a name for this process, by which others can prove that it is gone.

A driver's text is `boot id|PID namespace|pid|start time|client`. Where boot id and namespace are ours, a process that
does not exist, or that started at another time, is another one: the driver is dead. Elsewhere only the lease tells.

Source: proc(5), `/proc/pid/stat` field 22 and `/proc/pid/ns/pid`. Systems without /proc give no proof.
"""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path


def new_driver() -> str:
    """A name for one client of this process."""
    return f"{_process(os.getpid())}|{secrets.token_hex(4)}"


def is_proved_dead(driver: str) -> bool:
    """Whether the process of that driver is provably gone; False where that cannot be told from here."""
    if driver.startswith(f"{_process(os.getpid())}|"):
        return False  # it is this one
    parts = driver.split("|")
    if len(parts) != 5 or not parts[0] or not parts[1] or not parts[3] or not parts[2].isdigit():
        return False
    boot, namespace, pid, started, _ = parts
    if (boot, namespace) != _here():
        return False
    return _start_time(int(pid)) != started


@cache
def _process(pid: int) -> str:
    """The part of a driver's name that is a process's: it does not change while that lives. By number, for forks."""
    return "|".join([*_here(), str(pid), _start_time(pid) or ""])


@cache
def _here() -> tuple[str, str]:
    """Boot and namespace, which a process does not change."""
    return _boot_id(), _pid_namespace()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Clock ticks from boot to the start of a process; None where it is gone, or only waits to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the command's name may hold spaces and brackets
    return None if fields[0] in ("Z", "X") else fields[19]
