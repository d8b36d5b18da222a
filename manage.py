#!/usr/bin/env python
"""Django's command line for vsmanager."""

import sys

from vsmanager.start import read_settings, run_command


def main() -> None:
    read_settings()
    run_command(sys.argv)


if __name__ == "__main__":
    main()
