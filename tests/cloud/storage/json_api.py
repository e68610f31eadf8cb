"""The JSON API: buckets to look at, objects to list, read, write and delete."""

from typing import Any
from urllib.parse import parse_qsl, quote

from tests.cloud.storage.listing import page
from tests.cloud.storage.media import media
from tests.cloud.storage.objects import Objects, Version, crc32c_of
from tests.cloud.storage.refusal import Refused, Reply, as_json
from tests.cloud.storage.request import Request
from tests.cloud.storage.uploads import Sessions, Upload, read_upload
from tests.cloud.storage.world import BUCKET, OBJECT, World


class JsonApi:
    """What Google's own clients ask; each method answers one kind of path."""

    def __init__(self, world: World, objects: Objects) -> None:
        self._world = world
        self._objects = objects
        self._sessions = Sessions()

    def bucket(self, request: Request, name: str) -> Reply:
        """GET of a bucket."""
        self._world.demand(request.who, BUCKET + "get", name)
        found = self._world.bucket(name)
        resource = {
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "location": found.get("location", "US"),
            "locationType": "region",
            "storageClass": found.get("storageClass", "STANDARD"),
            "projectNumber": "1",
            "metageneration": "1",
            "versioning": {"enabled": self._is_versioned(name)},
        }
        return as_json(resource)

    def granted_permissions(self, request: Request, name: str) -> Reply:
        """Which of the permissions in the query the caller has; nothing is needed to ask."""
        if request.who:
            self._world.bucket(name)
        asked = {value for key, value in parse_qsl(request.query_string) if key == "permissions"}
        granted = sorted(self._world.permissions(request.who, name) & asked)
        answer: dict[str, Any] = {"kind": "storage#testIamPermissionsResponse"}
        return as_json(answer | ({"permissions": granted} if granted else {}))

    def list(self, request: Request, bucket: str) -> Reply:
        """GET of a bucket's objects."""
        self._world.demand(request.who, OBJECT + "list", bucket)
        found = page(self._objects.versions(bucket), request.query)
        answer = {
            "kind": "storage#objects",
            "items": [resource(request, version) for version in found.versions],
            "prefixes": found.prefixes,
            "nextPageToken": found.next_token,
        }
        return as_json({name: value for name, value in answer.items() if value})

    def object(self, request: Request, bucket: str, name: str) -> Reply:
        """GET of what is known of an object or of its bytes; DELETE."""
        if request.method == "DELETE":
            self._world.demand(request.who, OBJECT + "delete", bucket)
            versioned = self._is_versioned(bucket)
            self._objects.delete(bucket, name, request.query, versioned=versioned)
            return Reply(204)
        self._world.demand(request.who, OBJECT + "get", bucket)
        version, content = self._objects.find(bucket, name, request.query)
        if request.query.get("alt") == "media" or request.path.startswith("/download/"):
            return media(request, version, content)
        return as_json(resource(request, version))

    def upload(self, request: Request, bucket: str) -> Reply:
        """POST of an object, or of what a resumable upload will be."""
        if request.query.get("uploadType") == "resumable":
            name = request.json().get("name") or request.query.get("name", "")
            self._demand_write(request.who, bucket, name)
            return self._sessions.open(request, bucket)
        upload = read_upload(request, bucket)
        self._demand_write(request.who, bucket, upload.name)
        return self._store(request, upload)

    def upload_chunk(self, request: Request, bucket: str) -> Reply:
        """PUT to a resumable upload, whose address is its own permission."""
        whole, reply, session = self._sessions.receive(request)
        if whole is not None:
            reply = session.done = self._store(request, whole)
        return reply

    def _store(self, request: Request, upload: Upload) -> Reply:
        if upload.given.get("crc32c", crc32c_of(upload.content)) != crc32c_of(upload.content):
            text = f"Provided CRC32C {upload.given['crc32c']!r} doesn't match the content."
            raise Refused(400, "invalid", text)
        version = self._objects.put(
            upload.bucket,
            upload.name,
            upload.content,
            content_type=upload.content_type,
            conditions=upload.conditions,
            versioned=self._is_versioned(upload.bucket),
        )
        return as_json(resource(request, version))

    def _demand_write(self, who: str | None, bucket: str, name: str) -> None:
        self._world.demand(who, OBJECT + "create", bucket)
        if any(one.name == name and not one.deleted for one in self._objects.versions(bucket)):
            # Overwriting takes both.
            self._world.demand(who, OBJECT + "delete", bucket)

    def _is_versioned(self, bucket: str) -> bool:
        return bool((self._world.bucket(bucket).get("versioning") or {}).get("enabled"))


def resource(request: Request, version: Version) -> dict[str, Any]:
    """Return an object as the JSON API describes it."""
    path = f"/storage/v1/b/{version.bucket}/o/{quote(version.name, safe='')}"
    described = {
        "kind": "storage#object",
        "id": f"{version.bucket}/{version.name}/{version.generation}",
        "name": version.name,
        "bucket": version.bucket,
        "generation": str(version.generation),
        "metageneration": "1",
        "contentType": version.content_type,
        "size": str(version.size),
        "crc32c": version.crc32c,
        "md5Hash": version.md5,
        "etag": f"C{version.generation}",
        "storageClass": "STANDARD",
        "timeCreated": version.created,
        "updated": version.created,
        "selfLink": request.base + path,
        "mediaLink": f"{request.base}/download{path}?generation={version.generation}&alt=media",
    }
    return described | ({"timeDeleted": version.deleted} if version.deleted else {})
