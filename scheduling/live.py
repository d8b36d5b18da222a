"""Parts of pages that are fetched anew while somebody looks, and cost little when nothing changed.

``{% live name url template %}`` puts such a part on a page, ``part()`` answers when it is asked
for again. What the part looked like goes along as a tag, so that the answer can be a 304.
"""

import re
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string

HEADER = "HX-PTag"
# Differ at every rendering without meaning anything: the words of a time (the browser keeps
# them fresh by itself) and the tokens of forms.
# Each begins with a plain text: so the search is quick on long parts.
_IDLE = (
    re.compile(r"(<time [^>]*>)[^<]*"),
    re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*'),
)


def tag(html: str) -> str:
    """The same for the same content."""
    for idle in _IDLE:
        html = idle.sub(r"\1", html)
    return blake2b(html.encode(), digest_size=9).hexdigest()


def part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The part as it is now; 304 when that is what the page shows already."""
    html = render_to_string(template, context, request)
    known, current = request.headers.get(HEADER), tag(html)
    response = HttpResponseNotModified() if known == current else HttpResponse(html)
    response[HEADER] = current
    return response
