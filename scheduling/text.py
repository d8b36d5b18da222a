"""Text from outside, made fit to store: SQLite and PostgreSQL then take the same."""

import re

# PostgreSQL refuses NUL, UTF-8 has no lone surrogates, XML and so a feed no U+FFFE and U+FFFF,
# and other control characters (bar tab and line breaks) only serve to garble a terminal or a log.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str, limit: int | None = None) -> str:
    """``text`` without unfit characters, cut to ``limit`` characters with an ellipsis."""
    # Nothing unfit can be printed, and most texts can: this tells in a third of the time.
    if not text.isprintable():
        text = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    if limit is not None and len(text) > limit:
        return text[: limit - 1] + "…"
    return text
