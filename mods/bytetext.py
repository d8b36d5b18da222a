"""Text of files that people and their programs wrote, which say nothing of their encoding."""

import codecs


def decoded(body: bytes) -> str:
    """By the byte order mark, which Windows sets before UTF-16, else UTF-8.

    Bytes that are none become question marks, as they do in the game.
    """
    wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return body.decode("utf-16" if wide else "utf-8-sig", "replace")
