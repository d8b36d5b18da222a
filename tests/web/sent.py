"""What a browser without JavaScript sends of a form, read from the page that holds it."""

from html.parser import HTMLParser
from typing import Any


def as_sent(page: Any, holding: str, **typed: str | None) -> dict[str, str]:
    """The fields of the form that holds a field called ``holding``, with what somebody typed
    into them; None unticks a box."""
    reader = _Forms()
    reader.feed(page.content.decode())
    fields = next(form for form in reader.forms if holding in form)
    return {name: value for name, value in {**fields, **typed}.items() if value is not None}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in has:
            self.forms[-1][self._select] = value
        elif tag == "input" and self.forms and has.get("type") != "submit":
            if has.get("type") not in ("checkbox", "radio"):
                self.forms[-1][name] = value
            elif "checked" in has:
                self.forms[-1][name] = value or "on"
