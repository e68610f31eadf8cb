"""The XML API as browsers use it: objects by signed address, and CORS."""

from collections.abc import Iterable

from tests.cloud.storage import signed_urls
from tests.cloud.storage.media import media
from tests.cloud.storage.objects import Objects
from tests.cloud.storage.refusal import Refused, Reply, xml_refusal
from tests.cloud.storage.request import Request
from tests.cloud.storage.tokens import Tokens
from tests.cloud.storage.world import OBJECT, World


class XmlApi:
    """storage.googleapis.com/BUCKET/OBJECT."""

    def __init__(self, world: World, objects: Objects, tokens: Tokens) -> None:
        self._world = world
        self._objects = objects
        self._tokens = tokens

    def object(self, request: Request, bucket: str, name: str) -> Reply:
        """GET or HEAD of an object, or the preflight that asks for it."""
        if request.method == "OPTIONS":
            reply = Reply()
        else:
            try:
                request.who = self._caller(request)
                self._world.demand(request.who, OBJECT + "get", bucket)
                reply = media(request, *self._objects.find(bucket, name, request.query))
            except Refused as refused:
                reply = xml_refusal(refused)
        reply.headers |= self._cors(request, bucket)
        return reply

    def _caller(self, request: Request) -> str | None:
        query = request.query_string
        if not signed_urls.is_signed_url(query):
            return self._tokens.caller(request.headers.get("authorization"))
        email = signed_urls.signer(query)
        try:
            keys: Iterable[str] = self._world.public_keys(email).values()
        except Refused:
            keys = ()  # a deleted or disabled account: its signatures do not match any more
        else:
            keys = (*keys, self._tokens.managed_public_key)
        signed_urls.verify(request.method, request.path, query, request.headers, keys)
        return email

    def _cors(self, request: Request, bucket: str) -> dict[str, str]:
        """The headers that the first fitting entry of the bucket's configuration gives."""
        origin = request.headers.get("origin")
        asked = request.headers.get("access-control-request-method")
        preflight = request.method == "OPTIONS"
        if not origin or (preflight and not asked):
            return {}
        try:
            rules = self._world.bucket(bucket).get("cors") or []
        except Refused:
            return {}
        method = asked if preflight else request.method
        for rule in rules:
            origins, named = rule.get("origins", []), rule.get("responseHeaders", [])
            if not {origin, "*"} & set(origins) or not {method, "*"} & set(rule["methods"]):
                continue
            allowed = "*" if "*" in origins else origin
            headers = {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
            if not preflight:
                return headers | {"Access-Control-Expose-Headers": ", ".join(named)}
            wanted = request.headers.get("access-control-request-headers", "").lower()
            if not {h.strip() for h in wanted.split(",")} - {""} <= {h.lower() for h in named}:
                return {}
            return headers | {
                "Access-Control-Allow-Methods": ",".join(rule["methods"]),
                "Access-Control-Allow-Headers": ",".join(named),
                "Access-Control-Max-Age": str(rule.get("maxAgeSeconds", 3600)),
            }
        return {}
