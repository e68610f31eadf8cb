"""What Cloud Monitoring makes of its figures: which operations each of them takes.

Kinds and values: https://cloud.google.com/monitoring/api/metrics_gcp. Operations:
google/monitoring/v3/common.proto in googleapis/googleapis, whose comments say of each what it "is
valid for". Labels: elastic.co/guide/en/beats/metricbeat/8.9/metricbeat-metricset-gcp-compute.html.
"""

import re

from tests.cloud.gcp.state import Data
from tests.cloud.rpc import Refused

MACHINE = "compute.googleapis.com/instance/"
CHECK = "monitoring.googleapis.com/uptime_check/"
NUMBERS = ("INT64", "DOUBLE")
# {figure: (kind, values)}
FIGURES = {
    f"{MACHINE}cpu/utilization": ("GAUGE", "DOUBLE"),
    f"{MACHINE}disk/read_bytes_count": ("DELTA", "INT64"),
    f"{MACHINE}disk/write_bytes_count": ("DELTA", "INT64"),
    f"{MACHINE}network/received_bytes_count": ("DELTA", "INT64"),
    f"{MACHINE}network/sent_bytes_count": ("DELTA", "INT64"),
    f"{MACHINE}uptime_total": ("GAUGE", "INT64"),
    f"{CHECK}check_passed": ("GAUGE", "BOOL"),
    f"{CHECK}request_latency": ("GAUGE", "DOUBLE"),
}
# Which have a label `instance_name`, of those of a machine: all but the time since its start.
NAMED = {name for name in FIGURES if name.startswith(MACHINE)} - {f"{MACHINE}uptime_total"}
# {aligner: (kinds, values, what comes out; None as it was)}
ALIGNERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str | None]] = {
    "ALIGN_FRACTION_TRUE": (("GAUGE",), ("BOOL",), "DOUBLE"),
    "ALIGN_MAX": (("GAUGE", "DELTA"), NUMBERS, None),
    "ALIGN_MEAN": (("GAUGE", "DELTA"), NUMBERS, "DOUBLE"),
    "ALIGN_NEXT_OLDER": (("GAUGE",), (*NUMBERS, "BOOL"), None),
    "ALIGN_RATE": (("DELTA", "CUMULATIVE"), NUMBERS, "DOUBLE"),
}
REDUCERS = {
    "REDUCE_NONE": (*NUMBERS, "BOOL"),
    "REDUCE_COUNT_FALSE": ("BOOL",),
    "REDUCE_MAX": NUMBERS,
    "REDUCE_MEAN": NUMBERS,
    "REDUCE_SUM": NUMBERS,
}


def refuse(filter_: str, aggregation: Data) -> None:
    """Refuse what cannot be made of the figure that a filter names.

    Raises:
        Refused: in words of the kind that Google uses; the sentences are ours.
    """
    named = re.findall(r'metric\.type = "([^"]+)"', filter_)
    if len(named) != 1 or named[0] not in FIGURES:
        raise Refused(f"Error 404: Cannot find metric(s) that match type = {named}.")
    if "metric.labels.instance_name" in filter_ and named[0] not in NAMED:
        raise Refused(f"Error 400: The label instance_name is not one of {named[0]}.")
    kind, values = FIGURES[named[0]]
    aligner = aggregation.get("perSeriesAligner", "ALIGN_NONE")
    reducer = aggregation.get("crossSeriesReducer", "REDUCE_NONE")
    if aligner == "ALIGN_NONE":
        raise Refused("Error 400: A per-series aligner must be specified.")
    if int(aggregation.get("alignmentPeriod", "0s").removesuffix("s")) < 60:
        raise Refused("Error 400: Field alignment_period must be at least 60 seconds.")
    kinds, taken, made = ALIGNERS[aligner]
    if kind not in kinds or values not in taken:
        raise Refused(
            f"Error 400: Field aggregation.perSeriesAligner had an invalid value of {aligner}: The"
            f" aligner cannot be applied to metrics with kind {kind} and value type {values}."
        )
    if (made or values) not in REDUCERS[reducer]:
        raise Refused(
            f"Error 400: Field aggregation.crossSeriesReducer had an invalid value of {reducer}."
        )
