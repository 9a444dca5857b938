"""Values over time as a drawing in SVG: panels above each other, one axis of seconds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

WIDTH, HEIGHT = 760, 180
LEFT, RIGHT, ABOVE, BELOW = 44, 150, 26, 14
COLOURS = ("#0072b2", "#d55e00")
"""Okabe and Ito's blue and vermilion: people who see few colours tell them apart, too."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One set of axes.

    Attributes:
        title: What is shown, and in which unit.
        top: The upper end of its axis; the lower is 0.
        lines: Name → a value for each time; at most as many as there are colours.
        levels: Value → what happens there.
    """

    title: str
    top: float
    lines: Mapping[str, Sequence[float]]
    levels: Mapping[float, str] = field(default_factory=dict)


def drawing(at_s: Sequence[float], shaded_s: tuple[float, float], panels: Sequence[Panel]) -> str:
    """Return panels as SVG, with a span of time shaded in each."""
    wide, high = LEFT + WIDTH + RIGHT, len(panels) * (ABOVE + HEIGHT + BELOW) + 20
    font = 'font-family="sans-serif" font-size="11"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" {font}>',
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({LEFT} {number * (ABOVE + HEIGHT + BELOW)})">')
        parts += _axes(panel, at_s[-1], shaded_s)
        for place, (name, values) in enumerate(panel.lines.items()):
            parts += _line(panel, at_s, values, name, place)
        parts.append("</g>")
    seconds = range(0, int(at_s[-1]) + 1, 5)
    parts += [
        _text(LEFT + _x(second, at_s[-1]), high - 12, f"{second} s", "middle") for second in seconds
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(panel: Panel, end_s: float, shaded_s: tuple[float, float]) -> Iterator[str]:
    begin, end = (_x(second, end_s) for second in shaded_s)
    yield _text(0, ABOVE - 8, panel.title, "start")
    size = f'width="{end - begin:.0f}" height="{HEIGHT}"'
    yield f'<rect x="{begin:.0f}" y="{ABOVE}" {size} fill="#eee"/>'
    yield f'<path d="M0 {ABOVE}V{ABOVE + HEIGHT}H{WIDTH}" fill="none" stroke="#000"/>'
    for value in (0, panel.top):
        yield _text(-6, _y(panel, value) + 4, f"{value:g}", "end")
    for value, name in panel.levels.items():
        y = _y(panel, value)
        yield f'<path d="M0 {y:.1f}H{WIDTH}" stroke="#888" stroke-dasharray="4"/>'
        yield _text(WIDTH + 8, y + 4, f"{value:g}: {name}", "start")


def _line(
    panel: Panel, at_s: Sequence[float], values: Sequence[float], name: str, place: int
) -> Iterator[str]:
    """Draw a value as steps: it held until the next was seen."""
    points = [
        (f"{_x(second, at_s[-1]):.1f}", f"{_y(panel, value):.1f}")
        for second, value in zip(at_s, values, strict=True)
    ]
    steps = "".join(f"H{x}V{y}" for (_, before), (x, y) in pairwise(points) if y != before)
    colour = COLOURS[place]
    yield f'<path d="M0 {points[0][1]}{steps}H{WIDTH}" fill="none" stroke="{colour}"/>'
    below = ABOVE + HEIGHT - 16 * (len(panel.lines) - place) + 12
    yield _text(WIDTH + 8, below, name, "start", colour)


def _x(second: float, end_s: float) -> float:
    return WIDTH * second / end_s


def _y(panel: Panel, value: float) -> float:
    return ABOVE + HEIGHT * (1 - value / panel.top)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#000") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
