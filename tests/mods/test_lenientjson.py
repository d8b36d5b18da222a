"""JSON as the game takes it."""

import time

import pytest

from mods import lenientjson
from mods.lenientjson import UnreadableJson

read = lenientjson.read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "b"}', (("a", "b"),)),
        ("{}", ()),
        ('{"a": ["b", "c",],}', (("a", ["b", "c"]),)),
        ('{"a": "b", // why\n"c": "d" /* and\nwhy */, /**/ }// end', (("a", "b"), ("c", "d"))),
        ('// first\r\n{"a": "//no comment /* here */, ]"}', (("a", "//no comment /* here */, ]"),)),
        ("{'a': 'it\\'s \"b\"'}", (("a", 'it\'s "b"'),)),
        ('{"a": "it\\\'s \\"b\\" \\\\"}', (("a", 'it\'s "b" \\'),)),
        ('{a: "b", $c_1 : "d"}', (("a", "b"), ("$c_1", "d"))),
        ('{"a": "two\nlines\tand a tab"}', (("a", "two\nlines\tand a tab"),)),
        ('{"a": 1, "A": 2, "a": 3}', (("a", "1"), ("A", "2"), ("a", "3"))),
        ('{"v": 1.10, "w": -1e5, "x": NaN}', (("v", "1.10"), ("w", "-1e5"), ("x", "NaN"))),
        ('{"a": null, "b": true}', (("a", None), ("b", True))),
        ('"a"', "a"),
        ("[[],[{}]]", [[], [()]]),
    ],
)
def test_it_takes_what_the_game_takes(text: str, value: object) -> None:
    assert read(text.encode()) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_it_takes_a_byte_order_mark(encoding: str) -> None:
    assert read('{"name": "Ärger 🐻"}'.encode(encoding)) == (("name", "Ärger 🐻"),)


def test_bytes_that_are_not_utf_8_cost_only_themselves() -> None:
    assert read(b'{"name": "M\xfcll", "a": "b"}') == (("name", "M\ufffdll"), ("a", "b"))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "Expecting value"),
        ("<html>", 1, "Expecting value"),
        ("<html>\n</html>", 2, "a / stands alone"),
        ('{"a": "b"\n"c": "d"}', 2, "Expecting ',' delimiter"),
        ('{"a": "b",,}', 1, "double quotes"),
        ("{,}", 1, "double quotes"),
        ('\n{"a": "b', 2, "a text has no end"),
        ("{'a': 'b}", 1, "a text has no end"),
        ('{"a": "b",\n\n/* why }', 3, "a comment has no end"),
        ('/* one\ntwo */ {"a": "b",\n"c"}', 3, "Expecting ':' delimiter"),
        ('{"a": "b"} more', 1, "Extra data"),
        ('{"a": "b"', 1, "Expecting ',' delimiter"),
        ("{a b: 1}", 1, "double quotes"),
        ('{"a": "\\x"}', 1, "Invalid \\escape"),
        ("[" * 65, 1, "nested too deeply"),
        ('{"a":' * 100_000, 1, "nested too deeply"),
        ("]" * 10, 1, "Expecting value"),
        ("\0", 1, "Expecting value"),
        ("[" + "[],\n" * 10_000, 5000, "there is too much in it"),
    ],
)
def test_what_even_the_game_cannot_read_is_named_with_its_line(
    text: str, line: int, reason: str
) -> None:
    with pytest.raises(UnreadableJson) as error:
        read(text.encode())
    assert str(error.value).startswith(f"line {line}: ")
    assert reason in str(error.value)


def test_it_reads_as_deep_as_the_game() -> None:
    assert read(b"[" * 64 + b"]" * 64)


def test_a_number_of_any_length_is_just_text() -> None:
    assert read(b'{"a": ' + b"9" * 100_000 + b"}") == (("a", "9" * 100_000),)


@pytest.mark.parametrize(
    "unit", ['"', "\\", "'", "/*", "/", "//\n", "[],", "{", "a", '"\\', " ", "\ufeff", ":", ","]
)
def test_nothing_of_a_mebibyte_takes_long(unit: str) -> None:
    body = unit.encode() * (2**20 // len(unit.encode()))
    began = time.process_time()
    for begin in (b"", b'"', b"["):
        with pytest.raises(UnreadableJson):
            read(begin + body)
    assert time.process_time() - began < 1
