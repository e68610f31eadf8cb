"""What lookups (`get_buckets`, `get_project`, ...) answer."""

from typing import Any

from tests.cloud.gcp import faults
from tests.cloud.gcp.facts import COMPUTE, NUMBER
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Cloud, Data, of_kind
from tests.cloud.rpc import Refused

TOKEN = "ya29.of-the-cloud-double"


def answer(cloud: Cloud, config: Data, token: str, args: Data) -> Data:
    """Return the result of the lookup that a token such as gcp:storage/getBuckets:getBuckets names.

    Raises:
        Refused: for a lookup without an answer here or in invokes.json, and for a fault
            (`"type": "storage.getBuckets", "operation": "invoke"`).
    """
    _, module, name = token.split(":")
    kind = f"{module.split('/')[0]}.{name}"
    project = args.get("project") or config.get("project", "")
    with cloud.open() as data:
        faults.fail_if_told(cloud, data, "invoke", kind, args | {"project": project})
    answers = cloud.listed("invokes.json", {})
    if name in answers:
        return args | answers[name]
    if name == "getBuckets":
        return args | buckets(data, project, args.get("prefix", ""))
    if name == "getImage":
        return args | image(args, project)
    if name == "getProject":
        wanted = args.get("projectId") or project
        return args | {
            "projectId": wanted,
            "name": wanted,
            "number": NUMBER,
            "id": f"projects/{wanted}",
        }
    if name == "getClientConfig":
        place = {key: config.get(key, "") for key in ("region", "zone")}
        return args | place | {"project": project, "id": project, "accessToken": TOKEN}
    if name == "getProjectServiceAccount":
        email = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
        return args | {"emailAddress": email, "member": f"serviceAccount:{email}", "id": email}
    raise Refused(f'the cloud double has no answer for {token}: give "{name}" in invokes.json')


def buckets(data: Data, project: str, prefix: str) -> Data:
    """Return the project's buckets whose names begin with `prefix`, as Storage lists them."""
    found: list[dict[str, Any]] = []
    for name, record in sorted(of_kind(data, "storage.Bucket").items()):
        has = record["outputs"]
        if name.startswith(prefix) and has.get("project") == project:
            listed = {key: has.get(key) for key in ("location", "storageClass", "selfLink")}
            labels = has.get("effectiveLabels") or has.get("labels") or {}
            found.append({"name": name, "labels": labels, **listed})
    return {"buckets": found, "id": project, "project": project}


def image(args: Data, project: str) -> Data:
    """Return the newest image of a family, or the named one."""
    name = args.get("name") or f"{args.get('family', 'image')}-v20260101"
    link = f"{COMPUTE}projects/{project}/global/images/{name}"
    return {
        "name": name,
        "family": args.get("family", ""),
        "project": project,
        "selfLink": link,
        "id": link,
        "imageId": number(name),
        "status": "READY",
        "diskSizeGb": 10,
    }
