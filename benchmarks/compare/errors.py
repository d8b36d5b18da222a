"""Why something was not measured."""


class Unavailable(Exception):
    """It could not be installed, started or measured. The message stands in its row."""
