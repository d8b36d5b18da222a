"""Text from mods and lists, made fit for one line of a page or a log."""

from scheduling.text import clean


def one_line(text: str, limit: int = 255) -> str:
    return clean(" ".join(text.split()), limit)


def short(text: str) -> str:
    """Enough of it to find it again."""
    return one_line(text, 40)
