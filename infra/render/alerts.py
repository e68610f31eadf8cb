"""What Cloud Monitoring is asked to look at, show and write: pure functions of a stack.

- A machine that is off, by its schedule, for want of labelers or by hand, is none of the alerts:
  that the studio does not answer counts only while the machine runs.
- Conditions of one policy may be met by different resources ("even if they are met on completely
  different resources", `Combiner.AND`), here by the check and by the machine.
- What Google does to a machine by itself is in the audit logs of every project, without an agent:
  https://docs.cloud.google.com/compute/docs/troubleshooting/troubleshooting-reboots
Fields: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from infra.render.dashboard import layout

Part = Literal["channel", "check", "silent", "stopped", "dashboard"]
Body = dict[str, Any]

COLLECTIONS: Mapping[Part, str] = {
    "channel": "notificationChannels",
    "check": "uptimeCheckConfigs",
    "silent": "alertPolicies",
    "stopped": "alertPolicies",
    "dashboard": "dashboards",
}
PATH = "/health"
CHECK_SECONDS = 300
# Longer than a stopped machine's figures still come in, so that no evening's stop is an alert.
SILENT_SECONDS = 900
# A boot, with new images to fetch, has ended by then.
UP_SECONDS = 1800
# Google's shortest.
CLOSE_SECONDS = 1800
PAUSE_SECONDS = 3600


@dataclass(frozen=True)
class Watched:
    """A studio that is looked after.

    Attributes:
        project: The project's ID.
        name: The name of the machine, and of all that is made for it.
        stack: The stack's name.
        email: Where alerts go.
        url: Its origin; empty where Google's checkers cannot come in.
    """

    project: str
    name: str
    stack: str
    email: str
    url: str

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is made, in this order; it is deleted in the opposite one."""
        if not self.url:
            return ("channel", "stopped", "dashboard")
        return ("channel", "check", "silent", "stopped", "dashboard")


def body(part: Part, watched: Watched, made: Mapping[Part, str]) -> Body:
    """Return one of the parts as the API takes it; `made` has the names of those before it."""
    common = {
        "displayName": display_name(part, watched),
        labels_field(part): {"atelier-stack": watched.stack, "managed-by": "atelier"},
    }
    if part == "dashboard":
        # One that could not be made has its charts after the next update.
        return {**common, **layout(watched.name, made.get("check", ""), CHECK_SECONDS)}
    if part == "channel":
        return {**common, "type": "email", "labels": {"email_address": watched.email}}
    if part == "check":
        return {**common, **_check(watched)}
    policy = {**common, "enabled": True, "notificationChannels": [made["channel"]]}
    if part == "silent":
        return {**policy, **_silent(watched, made["check"])}
    return {**policy, **_stopped(watched)}


def version(part: Part) -> str:
    """Return the version of the API that has this part."""
    return "v1" if part == "dashboard" else "v3"


def labels_field(part: Part) -> str:
    """Return the field of a part that holds the stack's labels."""
    return "labels" if part == "dashboard" else "userLabels"


def conditions(watched: Watched) -> tuple[Body, ...]:
    """Return the conditions of all alerts: what Google bills."""
    made = dict.fromkeys(watched.parts, "")
    return tuple(
        condition
        for part in watched.parts
        for condition in body(part, watched, made).get("conditions", ())
    )


def display_name(part: Part, watched: Watched) -> str:
    """Return how a part is called, in Google's console and in a mail's subject."""
    words = {
        "channel": "administrator",
        "check": "health",
        "silent": "does not answer",
        "stopped": "was stopped or not started by Google",
        "dashboard": "studio",
    }
    return f"{watched.name} {words[part]}"


def _check(watched: Watched) -> Body:
    url = urlsplit(watched.url)
    host, tls = url.hostname or "", url.scheme == "https"
    return {
        "monitoredResource": {
            "type": "uptime_url",
            "labels": {"host": host, "project_id": watched.project},
        },
        "httpCheck": {
            "requestMethod": "GET",
            "path": PATH,
            "port": url.port or (443 if tls else 80),
            "useSsl": tls,
            # Whether Google's checkers take a certificate for an address is documented nowhere.
            "validateSsl": tls and not _is_address(host),
            "acceptedResponseStatusCodes": [{"statusClass": "STATUS_CLASS_2XX"}],
        },
        "period": f"{CHECK_SECONDS}s",
        "timeout": "10s",
    }


def _silent(watched: Watched, check: str) -> Body:
    return {
        "combiner": "AND",
        "conditions": [
            {
                "displayName": "the health check fails from two places of the world or more",
                # As Google's own page for an uptime check makes it.
                "conditionThreshold": {
                    "filter": 'resource.type = "uptime_url"'
                    ' AND metric.type = "monitoring.googleapis.com/uptime_check/check_passed"'
                    f' AND metric.labels.check_id = "{check.rpartition("/")[2]}"',
                    "aggregations": [
                        {
                            "alignmentPeriod": "1200s",
                            "perSeriesAligner": "ALIGN_NEXT_OLDER",
                            "crossSeriesReducer": "REDUCE_COUNT_FALSE",
                            "groupByFields": ["resource.label.*"],
                        }
                    ],
                    "comparison": "COMPARISON_GT",
                    "thresholdValue": 1,
                    "duration": f"{SILENT_SECONDS}s",
                    "trigger": {"count": 1},
                },
            },
            {
                "displayName": "the machine has been running for half an hour",
                "conditionThreshold": {
                    "filter": 'resource.type = "gce_instance"'
                    ' AND metric.type = "compute.googleapis.com/instance/uptime_total"'
                    f' AND metadata.system_labels.name = "{watched.name}"',
                    "aggregations": [
                        {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"},
                    ],
                    "comparison": "COMPARISON_GT",
                    "thresholdValue": UP_SECONDS,
                    "duration": "60s",
                    # A machine that is off sends nothing.
                    "evaluationMissingData": "EVALUATION_MISSING_DATA_INACTIVE",
                    "trigger": {"count": 1},
                },
            },
        ],
        "alertStrategy": {"autoClose": f"{CLOSE_SECONDS}s"},
        "documentation": _told(
            f"{watched.url}{PATH} has not answered for a quarter of an hour, and the machine"
            f" {watched.name} runs. `make up` says what it reports."
        ),
    }


def _stopped(watched: Watched) -> Body:
    # A morning's start by the schedule that failed, for want of a machine in the zone, or somebody
    # else's. What Google calls it when it is the schedule's is documented nowhere: so, by form.
    failed = 'severity >= ERROR AND protoPayload.methodName : ("start" OR "schedule")'
    stopped = (
        'protoPayload.methodName = ("compute.instances.preempted" OR "compute.instances.hostError")'
    )
    return {
        "combiner": "OR",
        "conditions": [
            {
                "displayName": "Google stopped the machine, or could not start it",
                "conditionMatchedLog": {
                    "filter": 'resource.type = "gce_instance"'
                    ' AND (log_id("cloudaudit.googleapis.com/activity")'
                    ' OR log_id("cloudaudit.googleapis.com/system_event"))'
                    f' AND protoPayload.resourceName =~ "/instances/{watched.name}$"'
                    f" AND (({failed}) OR {stopped})",
                },
            }
        ],
        # Asked for with every alert on a log.
        "alertStrategy": {
            "notificationRateLimit": {"period": f"{PAUSE_SECONDS}s"},
            "autoClose": f"{CLOSE_SECONDS}s",
        },
        "documentation": _told(
            f"Google stopped the machine {watched.name}, or could not start it. `make up` starts"
            " it, in another of the stack's `zones` where this one has no machine free."
        ),
    }


def _told(text: str) -> Body:
    return {"content": text, "mimeType": "text/markdown"}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
