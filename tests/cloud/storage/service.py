"""All endpoints, without sockets: a request in, a reply out."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from tests.cloud.storage.json_api import JsonApi
from tests.cloud.storage.objects import Objects
from tests.cloud.storage.refusal import Refused, Reply, as_json, json_refusal
from tests.cloud.storage.request import Request
from tests.cloud.storage.tokens import Tokens
from tests.cloud.storage.world import World
from tests.cloud.storage.xml_api import XmlApi

HOSTS = (
    "storage.googleapis.com",
    "oauth2.googleapis.com",
    "iamcredentials.googleapis.com",
    "secretmanager.googleapis.com",
    "www.googleapis.com",
)

Handler = Callable[..., Reply]


class Service:
    """Answers for accounts and buckets of cloud.json in `folder`, and keeps objects there."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder / "cloud.json")
        self.objects = Objects(folder)
        self.tokens = Tokens(self.world, folder)
        json_api, xml_api = (
            JsonApi(self.world, self.objects),
            XmlApi(self.world, self.objects, self.tokens),
        )
        bucket, account = "/storage/v1/b/([^/]+)", "/v1/projects/-/serviceAccounts/([^/:]+)"
        self._open = [
            ("POST", re.compile("/token"), self._token),
            ("PUT", re.compile(f"/upload{bucket}/o"), json_api.upload_chunk),
            (
                "GET HEAD OPTIONS",
                re.compile("/(?!storage/|upload/|download/|v1/)([^/]+)/(.+)"),
                xml_api.object,
            ),
        ]
        self._known = [
            ("POST", re.compile(f"{account}:signBlob"), self._sign_blob),
            (
                "GET",
                re.compile("/v1/(projects/[^/]+/secrets/[^/]+/versions/[^/]+):access"),
                self._secret,
            ),
            ("GET", re.compile(f"{account}/allowedLocations"), self._allowed_locations),
            ("GET", re.compile(bucket), json_api.bucket),
            ("GET", re.compile(f"{bucket}/iam/testPermissions"), json_api.granted_permissions),
            ("GET", re.compile(f"{bucket}/o"), json_api.list),
            ("GET DELETE", re.compile(f"{bucket}/o/([^/]+)"), json_api.object),
            ("GET", re.compile(f"/download{bucket}/o/([^/]+)"), json_api.object),
            ("POST", re.compile(f"/upload{bucket}/o"), json_api.upload),
        ]

    def answer(self, request: Request) -> Reply:
        """Return what Google would answer."""
        try:
            return self._answer(request)
        except Refused as refused:
            return json_refusal(refused)
        except json.JSONDecodeError as error:
            return json_refusal(Refused(400, "parseError", f"Parse Error: {error}"))

    def _answer(self, request: Request) -> Reply:
        for routes, by_token in ((self._open, False), (self._known, True)):
            for methods, pattern, handler in routes:
                found = pattern.fullmatch(request.path)
                if found and request.method in methods.split():
                    if by_token:
                        request.who = self.tokens.caller(request.headers.get("authorization"))
                    return handler(request, *(unquote(group) for group in found.groups()))
        raise Refused(404, "notFound", f"Not Found: {request.method} {request.path}")

    def _token(self, request: Request) -> Reply:
        return as_json(self.tokens.grant(dict(parse_qsl(request.body.decode()))))

    def _sign_blob(self, request: Request, email: str) -> Reply:
        return as_json(self.tokens.sign_blob(request.who, email, request.json()["payload"]))

    def _secret(self, request: Request, name: str) -> Reply:
        """https://cloud.google.com/secret-manager/docs/reference/rest/v1 (versions.access)."""
        data = base64.b64encode(self.world.secret(request.who, name).encode()).decode()
        return as_json({"name": name, "payload": {"data": data}})

    def _allowed_locations(self, request: Request, email: str) -> Reply:
        """google-auth asks in the background; this says that there is no boundary."""
        return as_json({"encodedLocations": "0x0"})
