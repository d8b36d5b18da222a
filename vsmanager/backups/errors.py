"""What keeps a backup, a restore or a move from being done."""


class Refused(Exception):
    """It can't be done as it stands; the message says why, and what to do."""
