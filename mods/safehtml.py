"""The HTML of mod authors, with nothing left in it that could do anything."""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe

from .evenhtml import even
from .kepthtml import KeptHtml

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div"),
    *("dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd"),
    *("li", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}}
# These go with all that is in them; of other unknown ones the text stays.
_DROPPED = {"script", "style", "svg", "math", "iframe", "object", "noscript", "template", "title"}
_READ = frozenset(_TAGS | _DROPPED)
# Those of the mod database, and no others: an image tells its host who looks at it.
_IMAGE = re.compile(r"https://(?:mods|moddbcdn)\.vintagestory\.at/[^\\\s]*")
_LINK = re.compile(r"https://[^\\\s]+")
# As nh3 writes them: quotes inside a value are written as &quot;.
_IMG = re.compile(r'<img(?:\s+[a-z]+="[^"]*")*\s*/?>')
_kept = KeptHtml()


def safe_html(text: str) -> SafeString:
    return _kept.get(text, _cleaned)


def _cleaned(text: str) -> SafeString:
    cleaned = nh3.clean(
        even(text, _READ, _ATTRIBUTES),
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"https"},
        link_rel="noopener nofollow",
        set_tag_attribute_values={"img": {"loading": "lazy"}},
        strip_comments=True,
    )
    # Nothing but what was let through above is left.
    return mark_safe(_IMG.sub(_shown, cleaned))  # noqa: S308


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _IMAGE.fullmatch(value) else None
    if tag == "a" and name == "href":
        return value if _LINK.fullmatch(value) else None
    return value


def _shown(found: re.Match[str]) -> str:
    return found[0] if ' src="' in found[0] else ""
