"""Bars as SVG, readable on a light and on a dark page: pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

# The longest label is that of ours through Procrastinate.
WIDTH, LABELS, VALUES = 820, 300, 130
BAR, GAP, HEAD = 18, 8, 44

STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 15px; }
    .note, .value { fill: #57606a; }
    .ours { fill: #0969da; } .peer { fill: #8c959f; }
    .line { stroke: #d0d7de; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note, .value { fill: #9da7b3; }
      .ours { fill: #4493f8; } .peer { fill: #6e7681; }
      .line { stroke: #3d444d; }
    }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """``value`` None draws no bar; ``shown`` stands at its end, or says why there is none."""

    label: str
    value: float | None
    shown: str
    ours: bool = False


def chart(title: str, bars: Sequence[Bar], *, note: str = "", logarithmic: bool = False) -> str:
    """Horizontal bars. A logarithmic one begins a decade below the least value."""
    height = HEAD + len(bars) * (BAR + GAP) + GAP
    values = [bar.value for bar in bars if bar.value]
    room = WIDTH - LABELS - VALUES
    # The text of a picture is read to those who do not see it.
    said = "; ".join(f"{bar.label}: {bar.shown}" for bar in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' width="{WIDTH}" height="{height}">',
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc><style>{STYLE}</style>",
        f'<text class="title" x="8" y="18">{escape(title)}</text>',
        f'<text class="note" x="8" y="36">{escape(note)}</text>',
    ]
    for place, bar in enumerate(bars):
        top = HEAD + place * (BAR + GAP) + GAP
        length = room * part(bar.value, values, logarithmic=logarithmic)
        kind = "ours" if bar.ours else "peer"
        middle = top + BAR - 5
        parts += [
            f'<text x="{LABELS - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{LABELS}" y="{top}" width="{length:.1f}" height="{BAR}"/>',
            f'<text class="value" x="{LABELS + length + 6:.1f}" y="{middle}">'
            f"{escape(bar.shown)}</text>",
        ]
    axis = f'<line class="line" x1="{LABELS}" x2="{LABELS}" y1="{HEAD}" y2="{height - GAP}"/>'
    return "\n".join([*parts, axis, "</svg>\n"])


def part(value: float | None, values: Sequence[float], *, logarithmic: bool = False) -> float:
    """How long a bar is, of the longest."""
    if not value:
        return 0.0
    if not logarithmic:
        return value / max(values)
    least, most = math.log10(min(values)) - 1, math.log10(max(values))
    return (math.log10(value) - least) / (most - least)
