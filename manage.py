#!/usr/bin/env python
"""Django's command line for vsmanager."""

import sys

from vsmanager.start import run_command

if __name__ == "__main__":
    run_command(sys.argv)
