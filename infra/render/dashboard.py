"""The page of figures in Cloud Monitoring: what Google sees of a studio without an agent.

Whether and how fast the studio answers, by the uptime check, and what the machine's host sees of
it: processors, network, disks, and how long it has been running. How full a disk is, the GPU and
the backends' own figures are known inside the machine alone.
Figures: https://cloud.google.com/monitoring/api/metrics_gcp. Fields:
https://cloud.google.com/monitoring/api/ref_dashboards/rest/v1/projects.dashboards
"""

from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]

MACHINE = "compute.googleapis.com/instance/"
CHECK = "monitoring.googleapis.com/uptime_check/"
# Google's figures of a machine come once a minute, those of the check at its pace.
MACHINE_SECONDS = 60


def layout(name: str, check: str, check_seconds: int) -> Body:
    """Return what the page shows.

    Args:
        name: The machine's name.
        check: The check's name at Google; empty where there is none.
        check_seconds: Its pace.
    """
    return {"gridLayout": {"columns": "2", "widgets": [*_widgets(name, check, check_seconds)]}}


def _widgets(name: str, check: str, check_seconds: int) -> Iterator[Body]:
    if check:
        asked = f'resource.type = "uptime_url" AND metric.labels.check_id = "{_last(check)}"'
        yield _chart(
            "The studio answers (share of the places in the world that ask)",
            "",
            _line("answers", asked, f"{CHECK}check_passed", check_seconds, "FRACTION_TRUE", "MEAN"),
        )
        yield _chart(
            "How long an answer takes",
            "ms",
            _line("mean", asked, f"{CHECK}request_latency", check_seconds, "MEAN", "MEAN"),
            _line("slowest", asked, f"{CHECK}request_latency", check_seconds, "MAX", "MAX"),
        )
    machine = f'resource.type = "gce_instance" AND metric.labels.instance_name = "{name}"'
    yield _chart(
        "Processors in use",
        "",
        _line("processors", machine, f"{MACHINE}cpu/utilization", MACHINE_SECONDS, "MEAN"),
    )
    for title, kind, words in (
        ("Network", "network", {"received": "to the machine", "sent": "from the machine"}),
        ("Disks", "disk", {"read": "read", "write": "written"}),
    ):
        yield _chart(
            title,
            "bytes a second",
            *(
                _line(
                    legend, machine, f"{MACHINE}{kind}/{what}_bytes_count", MACHINE_SECONDS, "RATE",
                    "SUM",
                )
                for what, legend in words.items()
            ),
        )  # fmt: skip
    # This one has no label with the machine's name.
    running = f'resource.type = "gce_instance" AND metadata.system_labels.name = "{name}"'
    yield _chart(
        "Running since its last start",
        "s",
        _line("seconds", running, f"{MACHINE}uptime_total", MACHINE_SECONDS, "MAX"),
    )


def _chart(title: str, unit: str, *lines: Body) -> Body:
    axis = {"label": unit, "scale": "LINEAR"}
    return {"title": title, "xyChart": {"dataSets": [*lines], "yAxis": axis}}


def _line(
    legend: str, who: str, figure: str, seconds: int, aligner: str, reducer: str = "NONE"
) -> Body:
    period = f"{seconds}s"
    asked: Body = {
        "filter": f'{who} AND metric.type = "{figure}"',
        "aggregation": {
            "alignmentPeriod": period,
            "perSeriesAligner": f"ALIGN_{aligner}",
            "crossSeriesReducer": f"REDUCE_{reducer}",
        },
    }
    return {
        "timeSeriesQuery": {"timeSeriesFilter": asked},
        "plotType": "LINE",
        "legendTemplate": legend,
        "minAlignmentPeriod": period,
    }


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def address(name: str, project: str) -> str:
    """Return where people open the page of this name; empty where there is none."""
    if not name:
        return ""
    return (
        f"https://console.cloud.google.com/monitoring/dashboards/builder/{_last(name)}"
        f"?project={project}"
    )
