"""What of addresses, errors and names may be seen, and what may act."""

import pytest

from mods.news import texts
from mods.news.mask import masked, without_credentials, without_secrets


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("discord://1234/abcd", "discord://•••"),
        ("https://discord.com/api/webhooks/1/2", "https://•••"),
        ("no address", "•••"),
        ("s3cr3t@x://y", "•••"),
        ("", "•••"),
    ],
)
def test_the_mask_shows_the_kind_of_address_alone(address: str, seen: str) -> None:
    assert masked(address) == seen


def test_errors_lose_every_part_of_the_address_however_it_is_written() -> None:
    address = "mailto://ann:p%40ssword@mail.example?to=bob@x.example"
    text = "bad p@ssword for ANN at mail.example (p%40ssword), see http://mail.example/x?k=v"
    told = without_secrets(text, address)
    assert "ssword" not in told
    assert "mail.example" not in told
    assert told.startswith("bad")


@pytest.mark.parametrize(
    "written", ["two words + 1", "two+words+%2B+1", "two%20words%20%2B%201", "two+words+%2b+1"]
)
def test_a_secret_is_known_in_each_way_that_it_can_be_written(written: str) -> None:
    told = without_secrets(f"refused: {written}!", "json://host/two+words+%2B+1")
    assert "words" not in told
    assert told.startswith("refused: •••")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("can't reach postgres://vs:pa55@db/x", "can't reach postgres://•••@db/x"),
        ("401 for Authorization: Bearer abc.def", "401 for Authorization: Bearer •••"),
        ("GET /?api_key=abc&page=2 failed", "GET /?api_key=•••&page=2 failed"),
        ("password: hunter2, user: ann", "password: •••, user: ann"),
        ('{"DB_PASSWORD": "hunter2"}', '{"DB_PASSWORD": •••}'),
        ("The secret garden is closed. Basic rules apply.", None),
        ("no token: none was given", "no token: ••• was given"),
        ("a token was refused by https://mods.example/api/mods", None),
    ],
)
def test_errors_of_jobs_lose_what_looks_like_a_secret(error: str, told: str | None) -> None:
    assert without_credentials(error) == (told or error)


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("@everyone", "@everyone"),
        ("<!here> <@123>", "<!here>"),
        ("[free](http://evil.example)", "]("),
        ("http://evil.example", "http://"),
        ("a\nb\r\nc\x00\x1b[31m", "\n"),
        ("x" * 999, "x" * 90),
        ("www.evil.example", "www.evil"),
        ("WWW.evil.example", "WWW.evil"),
        ("\u202egnp.exe\u2066", "\u202e"),
    ],
)
def test_names_from_upstream_mention_nobody_and_link_nowhere(name: str, forbidden: str) -> None:
    assert forbidden not in texts.plain(name)
