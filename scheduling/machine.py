"""Which machine this is, as far as the numbers of processes go, and how long it has been up."""

import socket
import time
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
# Where the system has no such clock, what it was suspended for is missing.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def machine() -> str:
    """The same for two processes only if each could find the other by its pid.

    The host's name is not enough: containers may share one, and each counts its own processes.
    Empty where the system does not tell.
    """
    try:
        boot, namespace = _BOOT.read_text().strip(), _NAMESPACE.stat().st_ino
    except OSError:
        return ""
    return f"{socket.gethostname()[:200]} {boot} {namespace}"


def uptime() -> float:
    """Seconds since the machine began, those included for which it was suspended: then others
    went on, which ``time.monotonic()`` does not tell."""
    return time.clock_gettime(_CLOCK)
