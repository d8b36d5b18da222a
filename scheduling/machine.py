"""Which machine this is, as far as the numbers of processes go."""

import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


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
