"""Cloud Storage's buckets and the Budget API, as the dynamic resources call them.

They are served beside compute v1, by the same server. Fields and words:
https://cloud.google.com/storage/docs/json_api/v1/buckets,
https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets.
"""

from typing import Any

from tests.cloud.gcp import faults, rules
from tests.cloud.gcp.facts import NUMBER
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Data, of_kind
from tests.cloud.rpc import Refused

BUCKET = r"/storage/v1/b/(?P<name>[-_.a-z0-9]+)"
ACCOUNT = r"/billing/v1/billingAccounts/(?P<account>[-A-F0-9]+)/budgets"
ACCOUNT_CURRENCY = "EUR"
BUDGET = "billing.Budget"
CORS = {  # {as the provider has it: as the API has it}
    "origins": "origin",
    "methods": "method",
    "responseHeaders": "responseHeader",
    "maxAgeSeconds": "maxAgeSeconds",
}


def bucket_of(data: Data, name: str) -> Data:
    record = of_kind(data, "storage.Bucket").get(name)
    if record is None:
        raise Refused("Error 404: The specified bucket does not exist.")
    return record


def bucket_json(record: Data) -> Data:
    has = record["outputs"]
    cors = [{CORS[key]: value for key, value in rule.items()} for rule in has.get("cors") or []]
    return {
        "kind": "storage#bucket",
        "name": has["name"],
        "projectNumber": NUMBER,
        "metageneration": str(record.get("metageneration", 1)),
        "cors": cors,
        "versioning": has.get("versioning") or {"enabled": False},
        "labels": has.get("effectiveLabels") or has.get("labels") or {},
        "lifecycle": {"rule": has.get("lifecycleRules") or []},
        "location": has.get("location"),
    }


def patch_bucket(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    record = bucket_of(data, values["name"])
    known = query.get("ifMetagenerationMatch", query.get("metageneration"))
    if known is not None and known != str(record.get("metageneration", 1)):
        raise Refused("Error 412: At least one of the pre-conditions you specified did not hold.")
    has = record["outputs"]
    if "cors" in body:
        back = {value: key for key, value in CORS.items()}
        rules_ = body["cors"] or []
        if any(not isinstance(rule.get("maxAgeSeconds", 0), int) for rule in rules_):
            raise Refused("Error 400: Invalid value for: Expected a number of seconds")
        has["cors"] = [{back[key]: value for key, value in rule.items()} for rule in rules_]
    if "versioning" in body:
        has["versioning"] = body["versioning"]
    record["metageneration"] = record.get("metageneration", 1) + 1
    return bucket_json(record)


def list_objects(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    bucket_of(data, values["name"])
    names = sorted(path.name for path in api.cloud.objects(values["name"]))
    return {"kind": "storage#objects", "items": [{"name": name} for name in names]}


def budget_json(name: str, body: Data) -> Data:
    amount = body["amount"]["specifiedAmount"]
    return body | {
        "name": name,
        "amount": {"specifiedAmount": {"currencyCode": ACCOUNT_CURRENCY, **amount}},
    }


def refuse_budget(api: Any, data: Data, operation: str, body: Data) -> None:
    rules.refuse_disabled_api(data, BUDGET, {})
    faults.fail_if_told(api.cloud, data, operation, BUDGET, body)
    # `currencyCode` must match the currency of the billing account.
    currency = body["amount"]["specifiedAmount"].get("currencyCode", ACCOUNT_CURRENCY)
    if currency != ACCOUNT_CURRENCY:
        raise Refused("Error 400: Request contains an invalid argument.")


def create_budget(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    refuse_budget(api, data, "create", body)
    data["count"] += 1
    name = f"billingAccounts/{values['account']}/budgets/{number(str(data['count']), 12)}"
    made = budget_json(name, body)
    data["resources"][f"{BUDGET} {name}"] = {"inputs": body, "outputs": made, "seed": name}
    return made


def list_budgets(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    rules.refuse_disabled_api(data, BUDGET, {})
    parent, scope = f"{BUDGET} billingAccounts/{values['account']}/", query.get("scope")
    own = [it["outputs"] for key, it in data["resources"].items() if key.startswith(parent)]
    # https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets/list
    return {"budgets": [it for it in own if scope in (None, *it["budgetFilter"]["projects"])]}


def one_budget(api: Any, data: Data, values: Data, query: Data, body: Data) -> Data:
    name = f"billingAccounts/{values['account']}/budgets/{values['name']}"
    record = data["resources"].get(f"{BUDGET} {name}")
    if record is None:
        raise Refused("Error 404: Requested entity was not found.")
    if not body:
        faults.fail_if_told(api.cloud, data, "delete", BUDGET, record["outputs"])
        del data["resources"][f"{BUDGET} {name}"]
        return {}
    refuse_budget(api, data, "update", body)
    record.update(inputs=body, outputs=budget_json(name, body))
    return record["outputs"]


ROUTES: list[tuple[str, str, Any]] = [
    ("PATCH", BUCKET, patch_bucket),
    ("GET", f"{BUCKET}/o", list_objects),
    ("GET", ACCOUNT, list_budgets),
    ("POST", ACCOUNT, create_budget),
    ("PATCH", f"{ACCOUNT}/(?P<name>[0-9]+)", one_budget),
    ("DELETE", f"{ACCOUNT}/(?P<name>[0-9]+)", one_budget),
]
