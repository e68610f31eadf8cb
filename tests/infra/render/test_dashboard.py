"""The page of figures: what it shows, and that Google can make each line of what it has."""

import pytest

from infra.render.dashboard import Body, address, layout
from tests.cloud import figures
from tests.cloud.rpc import Refused

CHECK = "projects/p/uptimeCheckConfigs/atelier-dev-health-x1"


def queries(check: str) -> list[Body]:
    return [
        line["timeSeriesQuery"]["timeSeriesFilter"]
        for widget in layout("atelier-dev", check, 300)["gridLayout"]["widgets"]
        for line in widget["xyChart"]["dataSets"]
    ]


@pytest.mark.parametrize("check", [CHECK, ""])
def test_every_line_is_of_a_figure_that_google_has_and_takes_its_operations(check: str) -> None:
    for query in queries(check):
        figures.refuse(query["filter"], query["aggregation"])


def test_it_looks_at_this_studio_alone() -> None:
    asked = [query["filter"] for query in queries(CHECK)]
    names = ('metric.labels.instance_name = "atelier-dev"',)
    names += ('metadata.system_labels.name = "atelier-dev"',)
    names += ('metric.labels.check_id = "atelier-dev-health-x1"',)
    assert all(any(name in text for name in names) for text in asked)


def test_a_studio_that_googles_checkers_cannot_reach_has_its_machines_figures() -> None:
    assert len(queries(CHECK)) - len(queries("")) == 3
    assert not any("uptime_check" in query["filter"] for query in queries(""))


@pytest.mark.parametrize(
    ("figure", "who", "aligner", "reducer"),
    [
        (f"{figures.MACHINE}cpu/utilization", "", "RATE", "NONE"),
        (f"{figures.CHECK}check_passed", "", "MEAN", "NONE"),
        (f"{figures.CHECK}check_passed", "", "FRACTION_TRUE", "COUNT_FALSE"),
        (f"{figures.MACHINE}memory/used", "", "MEAN", "NONE"),
        (f"{figures.MACHINE}uptime_total", 'metric.labels.instance_name = "x"', "MAX", "NONE"),
    ],
)
def test_the_stand_in_refuses_what_google_would(
    figure: str, who: str, aligner: str, reducer: str
) -> None:
    asked = {"perSeriesAligner": f"ALIGN_{aligner}", "crossSeriesReducer": f"REDUCE_{reducer}"}
    with pytest.raises(Refused):
        figures.refuse(f'{who} metric.type = "{figure}"', asked | {"alignmentPeriod": "60s"})


def test_people_are_led_to_it_in_the_console() -> None:
    assert address("projects/1/dashboards/4f-2", "my-project") == (
        "https://console.cloud.google.com/monitoring/dashboards/builder/4f-2?project=my-project"
    )
    assert address("", "my-project") == ""
