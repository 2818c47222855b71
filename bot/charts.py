"""Charts for people who would rather look than read: PNG files, with Japanese labels from packages alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from journey.texts import Lang

_COLOURS = ("#9db4c0", "#5fa8a0", "#c9ada7", "#e0a458", "#b5446e", "#6d597a", "#355070", "#8ab17d")


def _figure(width: float, height: float) -> tuple[Any, Any]:
    # Drawing costs half a second to load: only who draws pays for it.
    import matplotlib_fontja  # noqa: F401  # registers a Japanese font
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def stage_chart(days: Sequence[date], counts: Sequence[tuple[str, Sequence[int]]], title: str, lang: Lang, path: Path) -> Path:
    """How many customers stood on each stage, day by day, stacked from the first stage (below) to the last.

    `counts` is one (stage name, customers a day) for each stage, as long as `days`. Writes a PNG to `path` and returns it.
    """
    figure, axes = _figure(10, 5)
    axes.stackplot(
        list(days),
        [list(c) for _, c in counts],
        labels=[n for n, _ in counts],
        colors=_COLOURS,
        edgecolor="white",
        linewidth=0.6,
    )
    axes.set_title(title, loc="left", fontsize=13)
    axes.set_ylabel("人数" if lang == "ja" else "customers")
    axes.margins(x=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", rotation=0)
    for n, (name, series) in enumerate(counts):
        below = sum(c[-1] for _, c in counts[:n])
        if series[-1]:
            axes.annotate(
                f" {name}  {series[-1]:,}", (days[-1], below + series[-1] / 2), va="center", annotation_clip=False, fontsize=10
            )
    figure.savefig(path)
    return path
