"""Growth curves as a log-log plot in SVG."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pygal
from pygal.style import Style

if TYPE_CHECKING:
    from tests.bench.growth import Curve

# before anything else is imported: pygal's own finder of modules, for maps, is of a kind that Python warns of at every import that fails
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pygal")]

_SVG = "http://www.w3.org/2000/svg"
_STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#24292f",
    foreground_strong="#24292f",
    foreground_subtle="#57606a",
    colors=(
        "#0969da",
        "#cf222e",
        "#1a7f37",
        "#8250df",
        "#9a6700",
        "#bf3989",
        "#0a7d91",
        "#57606a",
        "#a40e26",
        "#116329",
        "#4f3a9e",
    ),
    font_family="system-ui, sans-serif",
    label_font_size=14,
    legend_font_size=14,
    title_font_size=16,
    stroke_width=2,
    guide_stroke_color="#d0d7de",
    major_guide_stroke_color="#d0d7de",
)


def plot(curves: Mapping[str, Curve]) -> str:
    """CPU seconds over how many, both axes logarithmic. What is no steeper than the dashed line grows as its input does."""
    counts = sorted({count for curve in curves.values() for count in curve})
    seconds = [cpu for curve in curves.values() for cpu in curve.values()]
    powers = range(math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds))) + 1)
    chart = pygal.XY(
        logarithmic=True,
        js=[],
        style=_STYLE,
        width=1000,
        height=720,
        title="CPU seconds of the whole command, by how many",
        margin_right=40,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        truncate_legend=-1,
        dots_size=3,
        range=(10.0 ** powers[0], 10.0 ** powers[-1]),
        x_value_formatter=lambda value: f"{value:,.0f}",
        value_formatter=lambda value: f"{value:g} s",
        show_y_guides=True,
        show_x_guides=True,
        disable_xml_declaration=True,
        no_prefix=True,
    )
    chart.x_labels = counts
    chart.y_labels = [10.0**power for power in powers]
    for name, curve in curves.items():
        chart.add(name, sorted(curve.items()))
    straight = [(count, 10.0 ** powers[0] * count / counts[0]) for count in counts]
    chart.add("ten times for ten times", straight, stroke_style={"dasharray": "4, 6", "width": 2}, show_dots=False)
    return _still(chart.render(is_unicode=True))


def _still(drawn: str) -> str:
    """The drawing without its script, which answers a mouse."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(drawn)
    for above in root.iter():
        for script in above.findall(f"{{{_SVG}}}script"):
            above.remove(script)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
