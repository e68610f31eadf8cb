"""Cloud Monitoring's channels, uptime checks and policies, as the alerts' provider calls them.

Fields and words: https://cloud.google.com/monitoring/api/ref_v3/rest/v3. Names and paths are the
API's own; `notificationRateLimit` is "required for log-based alerting policies", a condition that
has no value where data stop wants a duration, and what a policy names may not be deleted.
"""

from typing import Any

from tests.cloud.gcp import faults, rules
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Data, of_kind
from tests.cloud.rpc import Refused

KINDS = {
    "notificationChannels": "monitoring.NotificationChannel",
    "uptimeCheckConfigs": "monitoring.UptimeCheckConfig",
    "alertPolicies": "monitoring.AlertPolicy",
}
PARENT = r"/monitoring/v3/(?P<parent>projects/[-a-z0-9.]+)/(?P<collection>[A-Za-z]+)"
POLICIES = KINDS["alertPolicies"]


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


def create(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    kind = KINDS[values["collection"]]
    refuse(api, data, "create", kind, body)
    data["count"] += 1
    name = f"{values['parent']}/{values['collection']}/{number(str(data['count']), 19)}"
    made = {**body, "name": name}
    data["resources"][f"{kind} {name}"] = {"inputs": body, "outputs": made, "seed": name}
    return made


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
    name = f"{values['parent']}/{values['collection']}/{values['id']}"
    record = data["resources"].get(f"{kind} {name}")
    if record is None:
        raise Refused(f"Error 404: Could not find {name}.")
    if not body:
        faults.fail_if_told(api.cloud, data, "delete", kind, record["outputs"])
        if kind != POLICIES and any(
            values["id"] in str(policy["outputs"]) for policy in of_kind(data, POLICIES).values()
        ):
            raise Refused(f"Error 400: {name} is in use by an alert policy.")
        del data["resources"][f"{kind} {name}"]
        return {}
    refuse(api, data, "update", kind, body)
    if body.get("monitoredResource") != record["outputs"].get("monitoredResource"):
        raise Refused("Error 400: Field monitored_resource is immutable.")
    record.update(inputs=body, outputs={**body, "name": name})
    return record["outputs"]


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", PARENT, listed),
    ("POST", PARENT, create),
    ("PATCH", f"{PARENT}/(?P<id>[0-9]+)", one),
    ("DELETE", f"{PARENT}/(?P<id>[0-9]+)", one),
]
