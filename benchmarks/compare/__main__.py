"""``python -m benchmarks compare``: see ``options`` and ``run``."""

import signal
import sys
from contextlib import ExitStack

from . import contestants, options, report, results, run
from .results import Results


def main(arguments: list[str] | None = None) -> int:
    given = options.read(arguments)
    if given.report_only:
        report.write_docs(results.load())
        return 0
    # Whoever ends this ends what it started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = contestants.chosen([*given.only])
    if not chosen:
        sys.exit(f"Nobody is called that. There are: {', '.join(c.name for c in contestants.ALL)}.")
    with ExitStack() as stack:
        servers = run.Servers(given, stack)
        found = Results(about=results.about(chosen, servers.version(), given.in_words), rows=[])
        try:
            for row in run.rows(chosen, given, servers):
                found["rows"].append(row)
                report.keep(found)
                print(report.line(row), flush=True)
        except KeyboardInterrupt:
            print("Interrupted; the docs stay as they are.", file=sys.stderr)
            return 130
    report.finish(found, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
