"""The REST side of the cloud double: compute v1, as google-cloud-compute calls it.

It serves what exists in cloud.json on http://127.0.0.1:PORT and changes it: disks, snapshots and
machines, as long as those are made by the provider double. Operations end at the first look.
Beside it are the calls of `other_apis` and `monitoring_api`.
Paths and fields: https://cloud.google.com/compute/docs/reference/rest/v1.
"""

import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.cloud import google_apis, monitoring_api, other_apis
from tests.cloud.compute_guest import Guests
from tests.cloud.compute_resources import disk_json, machine_json, matching, snapshot_json
from tests.cloud.gcp import faults, rules, snapshots
from tests.cloud.gcp.facts import COMPUTE
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Cloud, Data, last, named, of_kind
from tests.cloud.rpc import Refused

NAME = r"[-a-z0-9.]+"
ZONE = rf"projects/(?P<project>{NAME})/zones/(?P<zone>{NAME})"
GLOBAL = rf"projects/(?P<project>{NAME})/global"


class NotThere(Exception):
    """What a path names does not exist; the message is its id."""


class ComputeApi:
    """A server on a free loopback port, from creation until `close`.

    `told` hears of what becomes of machines by these calls and not by Pulumi, as it is done:
    "stop" and "start" with the machine's outputs, "snapshot" with the snapshot's.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.operations: dict[str, Data] = {}
        self.requests: list[str] = []
        self.guests = Guests(cloud.folder)
        self.told: Callable[[str, Data], None] = lambda event, outputs: None

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            do_GET = do_POST = do_PATCH = do_DELETE = lambda handler: self.handle(handler)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: `requests` remembers."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request with JSON."""
        url = urllib.parse.urlsplit(handler.path)
        asked = urllib.parse.parse_qs(url.query)
        # The one parameter that may come several times: services.batchGet's.
        query = {key: it if key == "names" else it[0] for key, it in asked.items()}
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = urllib.parse.unquote(url.path).removeprefix("/compute/v1/")
        self.requests.append(f"{handler.command} {path}")
        status, answer = self.answer(handler.command, path, query, json.loads(body or b"{}"))
        if not status:  # Cut off.
            handler.close_connection = True
            return
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def answer(self, verb: str, path: str, query: Data, body: Data) -> tuple[int, Data]:
        """Return the status and the body for a request."""
        said = google_apis.answer(self.cloud, verb, path, query, body)
        if said is not None:
            return said
        for method, pattern, call in (*ROUTES, *other_apis.ROUTES, *monitoring_api.ROUTES):
            if verb == method and (match := re.fullmatch(pattern, path)):
                try:
                    with self.cloud.open() as data:
                        return 200, call(self, data, match.groupdict(), query, body)
                except NotThere as missing:
                    return error(404, f"The resource '{missing}' was not found", "notFound")
                except Refused as refused:
                    status = re.search(r"Error (\d\d\d)", str(refused))
                    return error(int(status[1]) if status else 400, str(refused), "invalid")
        return error(404, f"the cloud double has no {verb} {path}", "notFound")

    def operation(self, values: Data, kind: str, act: Callable[[], None]) -> Data:
        """Do something at once and return the operation that seems still to do it."""
        name = f"operation-{len(self.operations) + 1}"
        place = f"zones/{values['zone']}" if "zone" in values else "global"
        link = f"{COMPUTE}projects/{values['project']}/{place}/operations/{name}"
        done: Data = {"kind": "compute#operation", "id": number(name), "name": name}
        done |= {"operationType": kind, "selfLink": link, "status": "DONE", "progress": 100}
        if "zone" in values:
            done["zone"] = f"{COMPUTE}projects/{values['project']}/zones/{values['zone']}"
        try:
            act()
        except Refused as refused:
            failure = {"code": "OPERATION_FAILED", "message": str(refused)}
            done |= {"error": {"errors": [failure]}, "httpErrorMessage": "BAD REQUEST"}
            done["httpErrorStatusCode"] = 400
        self.operations[name] = done
        running = {"status": "RUNNING", "progress": 0}
        return {key: value for key, value in done.items() if "rror" not in key} | running


def error(status: int, message: str, reason: str) -> tuple[int, Data]:
    """Return an error as Google's APIs give it."""
    detail = {"message": message, "domain": "global", "reason": reason}
    return status, {"error": {"code": status, "message": message, "errors": [detail]}}


def require_api(data: Data) -> None:
    rules.refuse_disabled_api(data, "compute.Disk", {})


def find(data: Data, kind: str, values: Data) -> Data:
    """Return the record of the disk or machine that a path names."""
    require_api(data)
    collection = {"compute.Disk": "disks", "compute.Instance": "instances"}[kind]
    place = f"projects/{values['project']}/zones/{values['zone']}"
    record = data["resources"].get(f"{kind} {place}/{collection}/{values['name']}")
    if record is None:
        raise NotThere(f"{place}/{collection}/{values['name']}")
    return record


def list_disks(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    require_api(data)
    scopes: dict[str, Data] = {}
    records = of_kind(data, "compute.Disk").values()
    here = [disk_json(data, it) for it in records if it["outputs"]["project"] == values["project"]]
    for disk in matching(here, query):
        scopes.setdefault(f"zones/{last(disk['zone'])}", {"disks": []})["disks"].append(disk)
    return {"kind": "compute#diskAggregatedList", "id": "disks", "items": scopes}


def list_snapshots(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    require_api(data)
    records = of_kind(data, snapshots.KIND).values()
    here = [snapshot_json(it) for it in records if it["outputs"]["project"] == values["project"]]
    return {"kind": "compute#snapshotList", "id": "snapshots", "items": matching(here, query)}


def list_machines(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    require_api(data)
    place = f"projects/{values['project']}/zones/{values['zone']}/"
    found = of_kind(data, "compute.Instance").items()
    here = [machine_json(data, record) for key, record in found if key.startswith(place)]
    return {"kind": "compute#instanceList", "id": "instances", "items": matching(here, query)}


def get_snapshot(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    require_api(data)
    link = f"projects/{values['project']}/global/snapshots/{values['name']}"
    record = named(data, snapshots.KIND, link)
    if record is None:
        raise NotThere(link)
    return snapshot_json(record)


def get_disk(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    return disk_json(data, find(data, "compute.Disk", values))


def get_machine(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    return machine_json(data, find(data, "compute.Instance", values))


def guest_attributes(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    machine = find(data, "compute.Instance", values)["outputs"]
    namespace, _, key = query.get("queryPath", "").partition("/")
    items = [
        item
        for item in api.guests.attributes(machine)
        if item["namespace"] == namespace and key in ("", item["key"])
    ]
    if not items:
        raise NotThere(query.get("queryPath", ""))
    answer = {"queryPath": query["queryPath"], "queryValue": {"items": items}}
    return {"kind": "compute#guestAttributes", **answer}


def serial_port(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    contents = api.guests.serial_port(find(data, "compute.Instance", values)["outputs"])
    start, end = int(query.get("start", 0)), len(contents.encode())
    shown = contents.encode()[start:].decode(errors="replace")
    numbers = {"start": str(start), "next": str(end)}
    return {"kind": "compute#serialPortOutput", "contents": shown, **numbers}


def create_snapshot(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    record = find(data, "compute.Disk", values)

    def act() -> None:
        faults.fail_if_told(api.cloud, data, "createSnapshot", "compute.Disk", record["outputs"])
        taken = snapshots.take(data, record, body["name"], body.get("labels"))
        api.told("snapshot", taken["outputs"])

    return api.operation(values, "createSnapshot", act)


def change_machine(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    """stop, start, attachDisk, detachDisk."""
    record = find(data, "compute.Instance", values)
    has, method = record["outputs"], values["method"]

    def act() -> None:
        faults.fail_if_told(api.cloud, data, method, "compute.Instance", has)
        if method in ("stop", "start"):
            has["currentStatus"] = "TERMINATED" if method == "stop" else "RUNNING"
            api.guests.restart(has["name"])
            api.told(method, has)
        elif method == "detachDisk":
            detach(has, query["deviceName"])
        else:
            attach(data, has, body)

    return api.operation(values, method, act)


def detach(machine: Data, device: str) -> None:
    left = [disk for disk in machine["attachedDisks"] if disk.get("deviceName") != device]
    if len(left) == len(machine["attachedDisks"]):
        raise Refused(f"No attached disk found with device name '{device}'")
    machine["attachedDisks"] = left


def attach(data: Data, machine: Data, disk: Data) -> None:
    link = COMPUTE + re.sub(r"^(https?://.*?/compute/v1/)?/?", "", disk["source"])
    if named(data, "compute.Disk", link) is None:
        raise Refused(f"The resource '{disk['source']}' was not found")
    for identity, other in of_kind(data, "compute.Instance").items():
        if any(one["source"] == link for one in other["outputs"]["attachedDisks"]):
            raise Refused(f"The disk resource '{link}' is already being used by '{identity}'")
    device = {"deviceName": disk.get("deviceName") or last(link), "source": link}
    machine["attachedDisks"].append({"mode": disk.get("mode") or "READ_WRITE", **device})


def operation(api: ComputeApi, data: Data, values: Data, query: Data, body: Data) -> Data:
    if values["name"] not in api.operations:
        raise NotThere(values["name"])
    return api.operations[values["name"]]


Call = Callable[[ComputeApi, Data, Data, Data, Data], Data]
ROUTES: list[tuple[str, str, Call]] = [
    ("GET", rf"projects/(?P<project>{NAME})/aggregated/disks", list_disks),
    ("GET", rf"{GLOBAL}/snapshots", list_snapshots),
    ("GET", rf"{GLOBAL}/snapshots/(?P<name>{NAME})", get_snapshot),
    ("GET", rf"{ZONE}/disks/(?P<name>{NAME})", get_disk),
    ("POST", rf"{ZONE}/disks/(?P<name>{NAME})/createSnapshot", create_snapshot),
    ("GET", rf"{ZONE}/instances", list_machines),
    ("GET", rf"{ZONE}/instances/(?P<name>{NAME})", get_machine),
    ("GET", rf"{ZONE}/instances/(?P<name>{NAME})/getGuestAttributes", guest_attributes),
    ("GET", rf"{ZONE}/instances/(?P<name>{NAME})/serialPort", serial_port),
    (
        "POST",
        rf"{ZONE}/instances/(?P<name>{NAME})/(?P<method>stop|start|attachDisk|detachDisk)",
        change_machine,
    ),
    (
        "GET",
        rf"(?:{ZONE}|{GLOBAL.replace('project>', 'owner>')})/operations/(?P<name>{NAME})",
        operation,
    ),
    (
        "POST",
        rf"(?:{ZONE}|{GLOBAL.replace('project>', 'owner>')})/operations/(?P<name>{NAME})/wait",
        operation,
    ),
]
