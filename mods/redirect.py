"""Which redirects are followed: those that stay with the upstream the operator named."""

from urllib.parse import SplitResult, urljoin, urlsplit

from .errors import BadRedirect

_DEFAULT_PORTS = {"http": 80, "https": 443}


def shown(url: str) -> str:
    """The address as people may see it: a query may hold a secret."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def redirected(url: str, location: str, setting: str) -> str:
    """Where a redirect leads, which must be the same host by the same or a safer way."""
    if not location:
        raise BadRedirect(f"{shown(url)} redirects without saying where. Check {setting}.")
    try:
        target = urljoin(url, location)
        same = _place(urlsplit(target)) in _allowed(_place(urlsplit(url)))
    except ValueError:
        target, same = location, False
    if not same:
        raise BadRedirect(
            f"{shown(url)} redirects to {_named(target)}, and only redirects within one host are "
            f"followed. If it has moved, change {setting}."
        )
    return target


Place = tuple[str, str | None, int | None]


def _place(parts: SplitResult) -> Place:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _allowed(place: Place) -> tuple[Place, ...]:
    upgraded = ("https", place[1], 443)
    return (place, upgraded) if place[::2] == ("http", 80) else (place,)


def _named(target: str) -> str:
    """The other place in few words; it comes from outside."""
    return repr(target.partition("?")[0][:200])
