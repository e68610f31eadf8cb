"""Cloud Monitoring's channels, checks, policies and dashboards, as the alerts' provider calls them.

Fields and words: https://cloud.google.com/monitoring/api/ref_v3/rest/v3. Names and paths are the
API's own; `notificationRateLimit` is "required for log-based alerting policies", a condition that
has no value where data stop wants a duration, and what a policy names may not be deleted.

Dashboards are of version 1 (google/monitoring/dashboard/v1/*.proto in googleapis/googleapis): their
`etag` "should not be passed during dashboard creation", and is compared at a change (the Terraform
provider asks for it before each), in words of ours; a number of 64 bits is a string. What may be
made of a figure is in `tests.cloud.figures`.
"""

from typing import Any

from tests.cloud import figures
from tests.cloud.gcp import faults, rules
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Data, of_kind
from tests.cloud.rpc import Refused

KINDS = {
    "notificationChannels": "monitoring.NotificationChannel",
    "uptimeCheckConfigs": "monitoring.UptimeCheckConfig",
    "alertPolicies": "monitoring.AlertPolicy",
    "dashboards": "monitoring.Dashboard",
}
_PROJECT = r"(?P<parent>projects/[-a-z0-9.]+)"
VERSIONS = (
    rf"/monitoring/v1/{_PROJECT}/(?P<collection>dashboards)",
    rf"/monitoring/v3/{_PROJECT}/(?P<collection>notificationChannels|uptimeCheckConfigs|alertPolicies)",
)
POLICIES, DASHBOARDS = KINDS["alertPolicies"], KINDS["dashboards"]
LAYOUTS = {"gridLayout", "mosaicLayout", "rowLayout", "columnLayout"}
DASHBOARD = {"name", "displayName", "etag", "labels", "dashboardFilters", *LAYOUTS}


def refuse(api: Any, data: Data, operation: str, kind: str, body: Data) -> None:
    rules.refuse_disabled_api(data, kind, {})
    faults.fail_if_told(api.cloud, data, operation, kind, body)
    if not body.get("displayName"):
        raise Refused("Error 400: Field display_name is required.")
    for name in body.get("notificationChannels", []):
        if name not in of_kind(data, KINDS["notificationChannels"]):
            raise Refused(f"Error 404: Could not find notification channel {name}.")
    for condition in body.get("conditions", []):
        limited = body.get("alertStrategy", {}).get("notificationRateLimit")
        if "conditionMatchedLog" in condition and not limited:
            raise Refused("Error 400: Field alert_policy.alert_strategy must have a rate limit.")
        threshold = condition.get("conditionThreshold", {})
        lasts = int(threshold.get("duration", "0s").removesuffix("s"))
        if lasts % 60 or ("evaluationMissingData" in threshold and not lasts):
            raise Refused("Error 400: Field duration had an invalid value.")
        for aggregation in threshold.get("aggregations", []):
            figures.refuse(threshold["filter"], aggregation)
    if kind == DASHBOARDS:
        refuse_dashboard(body)


def refuse_dashboard(body: Data) -> None:
    for name in sorted(body.keys() - DASHBOARD):
        # github.com/GoogleCloudPlatform/monitoring-dashboard-samples/pull/694
        raise Refused(
            "Error 400: Invalid JSON payload received. Unknown name"
            f" \"{name}\" at 'dashboard': Cannot find field."
        )
    if len(body.keys() & LAYOUTS) != 1:
        raise Refused("Error 400: Field layout must be exactly one.")
    grid = body["gridLayout"]
    if not isinstance(grid["columns"], str):
        raise Refused("Error 400: Invalid value at 'dashboard.grid_layout.columns' (TYPE_INT64)")
    for widget in grid["widgets"]:
        for line in widget["xyChart"]["dataSets"]:
            asked = line["timeSeriesQuery"]["timeSeriesFilter"]
            figures.refuse(asked["filter"], asked["aggregation"])


def create(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    kind = KINDS[values["collection"]]
    refuse(api, data, "create", kind, body)
    if "etag" in body:
        raise Refused("Error 400: Field etag must not be set.")
    data["count"] += 1
    name = f"{values['parent']}/{values['collection']}/{number(str(data['count']), 19)}"
    made = {**body, "name": name} | tag(kind, data)
    data["resources"][f"{kind} {name}"] = {"inputs": body, "outputs": made, "seed": name}
    return made


def tag(kind: str, data: Data) -> Data:
    """Another etag with each change."""
    data["count"] += 1
    return {"etag": number(f"etag {data['count']}", 32)} if kind == DASHBOARDS else {}


def get(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    return record_of(data, values)["outputs"]


def record_of(data: Data, values: Data) -> Data:
    name = f"{values['parent']}/{values['collection']}/{values['id']}"
    record = data["resources"].get(f"{KINDS[values['collection']]} {name}")
    if record is None:
        raise Refused(f"Error 404: Could not find {name}.")
    return record


def listed(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    kind = KINDS[values["collection"]]
    rules.refuse_disabled_api(data, kind, {})
    own = [
        it["outputs"]
        for name, it in of_kind(data, kind).items()
        if name.startswith(f"{values['parent']}/")
    ]
    start, size = int(query.get("pageToken") or 0), int(query["pageSize"])
    more = {"nextPageToken": str(start + size)} if len(own) > start + size else {}
    return {values["collection"]: own[start : start + size], **more}


def one(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    kind = KINDS[values["collection"]]
    record = record_of(data, values)
    name = record["outputs"]["name"]
    if not body:
        faults.fail_if_told(api.cloud, data, "delete", kind, record["outputs"])
        if kind not in (POLICIES, DASHBOARDS) and any(
            values["id"] in str(policy["outputs"]) for policy in of_kind(data, POLICIES).values()
        ):
            raise Refused(f"Error 400: {name} is in use by an alert policy.")
        del data["resources"][f"{kind} {name}"]
        return {}
    refuse(api, data, "update", kind, body)
    if body.get("monitoredResource") != record["outputs"].get("monitoredResource"):
        raise Refused("Error 400: Field monitored_resource is immutable.")
    if kind == DASHBOARDS and body.get("etag") != record["outputs"]["etag"]:
        raise Refused("Error 409: The etag provided is stale. Please fetch the dashboard again.")
    record.update(inputs=body, outputs={**body, "name": name} | tag(kind, data))
    return record["outputs"]


ROUTES: list[tuple[str, str, Any]] = [
    (verb, f"{parent}{more}", call)
    for parent in VERSIONS
    for verb, more, call in (
        ("GET", "", listed),
        ("POST", "", create),
        ("GET", "/(?P<id>[0-9]+)", get),
        ("PATCH", "/(?P<id>[0-9]+)", one),
        ("DELETE", "/(?P<id>[0-9]+)", one),
    )
]
