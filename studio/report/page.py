"""The report as one HTML page: no script, nothing from the network, every name escaped."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape

from studio.report.figures import Figures, Pair, means

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2em; } body { color: #222; }
table { border-collapse: collapse; } td, th { padding: .2em .8em; text-align: right; }
td, th { border-bottom: 1px solid #ddd; } td:first-child, th:first-child { text-align: left; }
figure { display: inline-block; margin: 0 1em 1em 0; vertical-align: top; max-width: 480px; }
figure img { max-width: 100%; } .none, figcaption { color: #666; }
rect { fill: #4a7db5; } text { font-size: 11px; fill: #555; }
""".strip()
# Days in the chart; with more, its bars would be too thin to see.
MOST_DAYS = 120
CHART_HEIGHT = 120
BAR_WIDTH = 8


def page(
    title: str,
    made: datetime,
    figures: Figures,
    pictures: Mapping[Pair, bytes | str],
) -> str:
    """Return the page.

    Args:
        title: the project's.
        pictures: for each of the worst pairs a PNG, or why there is none.
    """
    survival = [
        (name, len(found.ious), _share(found.mean), found.unchanged, found.on_one_side)
        for name, found in sorted(figures.survival.items(), key=lambda item: item[1].mean)
    ]
    by_label = [(name, n, _share(iou)) for name, n, iou in means(figures.agreement_by_label)]
    by_pair = [
        (name, n, _share(iou))
        for name, n, iou in means(
            {f"{one} / {other}": v for (one, other), v in figures.agreement_by_pair.items()}
        )
    ]
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{made:%Y-%m-%d %H:%M}. Annotated or skipped images: {figures.tasks}. "
        f"Annotations: {sum(figures.days.values())}.</p>",
        "<h2>Annotations a day</h2>",
        _chart(figures.days),
        "<h2>Labelers</h2>",
        "<p>A day is one on which the labeler submitted something. Seconds are as Label Studio "
        "counted them while the image was open, pauses included: hence the median.</p>",
        _table(
            ("labeler", "annotations", "skipped", "days", "a day", "seconds (median)"),
            [
                (
                    name,
                    found.annotations,
                    found.skips,
                    len(found.days),
                    _number(found.per_day, 1),
                    _number(found.median_seconds, 0),
                )
                for name, found in sorted(figures.labelers.items())
            ],
        ),
        "<h2>Labels</h2>",
        _table(
            ("label", "regions", "images", *sorted(figures.labelers)),
            [
                (
                    label,
                    count,
                    figures.images[label],
                    *(figures.labelers[name].regions[label] for name in sorted(figures.labelers)),
                )
                for label, count in figures.labels.most_common()
            ],
        ),
        "<h2>How much of the pre-labels survived</h2>",
        "<p>Overlap (IoU) of the pre-label with what was submitted: 100 % is untouched, 0 % was "
        "removed or drawn anew. Each label counts once an image that has it on either side.</p>",
        _table(("label", "images", "mean IoU", "unchanged", "on one side only"), survival),
        "<h2>Agreement</h2>",
        "<p>Overlap (IoU) of two people's annotations of one image.</p>",
        _table(("label", "comparisons", "mean IoU"), by_label),
        _table(("pair", "images", "mean IoU"), by_pair) if by_pair else "",
        *_worst(figures.worst, pictures),
    ]
    if figures.unreadable:
        body.append(
            f"<p>Not compared: {figures.unreadable} regions that cover no pixels (points, "
            "vectors), cannot be read, or were drawn on an image of another size.</p>"
        )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _worst(worst: Sequence[Pair], pictures: Mapping[Pair, bytes | str]) -> Iterable[str]:
    if not worst:
        return
    yield "<h2>Where two disagree most</h2>"
    yield "<p>Green: both. Red: the first one only. Blue: the second one only.</p>"
    for pair in worst:
        caption = (
            f"{escape(pair.name)} (task {pair.task}): {escape(pair.one)}, {escape(pair.other)}, "
            f"{_share(pair.iou)}"
        )
        found = pictures.get(pair, "no picture")
        if isinstance(found, bytes):
            encoded = base64.b64encode(found).decode()
            shown = f'<img alt="" src="data:image/png;base64,{encoded}">'
        else:
            shown = f'<p class="none">{escape(found)}</p>'
        yield f"<figure>{shown}<figcaption>{caption}</figcaption></figure>"


def _chart(days: Mapping[date, int]) -> str:
    """Bars of the last days, days off included."""
    if not days:
        return '<p class="none">none yet</p>'
    last = max(days)
    count = min((last - min(days)).days + 1, MOST_DAYS)
    shown = [last - timedelta(days=count - 1 - index) for index in range(count)]
    highest = max(days[day] for day in shown if day in days)
    bars = []
    for index, day in enumerate(shown):
        number = days.get(day, 0)
        height = CHART_HEIGHT * number / highest
        bars.append(
            f'<rect x="{index * (BAR_WIDTH + 2)}" y="{CHART_HEIGHT - height:.1f}" '
            f'width="{BAR_WIDTH}" height="{height:.1f}"><title>{day}: {number}</title></rect>'
        )
    width = max(count * (BAR_WIDTH + 2), 160)
    return (
        f'<svg width="{width}" height="{CHART_HEIGHT + 34}" role="img" '
        f'viewBox="0 -14 {width} {CHART_HEIGHT + 34}"><text x="0" y="-4">{highest} at most</text>'
        + "".join(bars)
        + f'<text x="0" y="{CHART_HEIGHT + 14}">{shown[0]} to {last}</text></svg>'
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return '<p class="none">none yet</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows)
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
