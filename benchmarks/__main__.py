"""All benchmarks by name: ``python -m benchmarks compare``, ``pages``, ``failover``, ...

Each tells what it can be told with ``--help``.
"""

import runpy
import sys
from pathlib import Path

_MAIN = 'if __name__ == "__main__":'


def names() -> list[str]:
    """The modules here that can be started."""
    folder = Path(__file__).parent
    found = [path.stem for path in folder.glob("*.py") if _MAIN in path.read_text()]
    found += [path.parent.name for path in folder.glob("*/__main__.py")]
    return sorted(set(found) - {"__main__"})


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        sys.exit(f"Name one of: {', '.join(names())}.\n\n{__doc__}")
    name = sys.argv.pop(1)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
