"""The alerts by e-mail and the dashboard: niceties, so what goes wrong with them is a warning.

Pulumi's own resources would end the update in the middle, and who may deploy a studio may well not
be allowed to make alerts. What could not be made is tried again by the next update.
"""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from infra.dynamic.calls import MONITORING, warn
from infra.dynamic.credentials import GoogleProvider
from infra.dynamic.rest import NOT_FOUND, Api, Caller, RestError, Verb
from infra.render.alerts import (
    COLLECTIONS,
    Part,
    Watched,
    body,
    display_name,
    labels_field,
    version,
)

State = dict[str, Any]
# The parts' names at Google.
Names = dict[Part, str]

API = Api(MONITORING, "https://monitoring.googleapis.com/")
WANTED = ("project", "display_name", "stack", "email", "url")
# Where a check looks cannot be changed (`monitoredResource` of an uptime check).
FIXED = ("project", "url")


class AlertsProvider(GoogleProvider):
    """Makes, changes and deletes channel, check, policies and dashboard; warns where it cannot."""

    def create(self, props: State) -> CreateResult:
        """Make them, or say which there are not, and why."""
        return CreateResult(props["display_name"], {**props, "names": self._put({}, props)})

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Try again, too, where one is not there yet."""
        changed = any(_olds.get(key) != _news.get(key) for key in WANTED)
        moved = [key for key in FIXED if _olds.get(key) != _news.get(key)]
        complete = set(_watched(_olds).parts) <= set(_olds["names"])
        return DiffResult(
            changes=changed or not complete, replaces=moved, delete_before_replace=True
        )

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Change them."""
        return UpdateResult({**_news, "names": self._put(_olds["names"], _news)})

    def delete(self, _id: str, _props: State) -> None:
        """Delete them, those last that others name."""
        watched, known = _watched(_props), _props["names"]
        for part in reversed(watched.parts):
            try:
                name = known.get(part) or self._left(part, watched)
                if name:
                    self._call(part, watched, "DELETE", f"{version(part)}/{name}")
            except RestError as fault:
                # Who could not make one mostly may not look for one, either.
                if part in known and fault.status != NOT_FOUND:
                    warn(f"{fault} Delete it by hand: {known[part]}.")

    def _put(self, known: Names, props: State) -> Names:
        """Return the names of those that are there; warn of those that could not be made."""
        watched, made, faults = _watched(props), Names(), dict[Part, RestError]()
        for part in watched.parts:
            try:
                made[part] = self._put_one(part, watched, known.get(part, ""), made)
            except RestError as fault:
                faults[part] = fault
                if part in known:
                    made[part] = known[part]
                elif part == "channel":
                    # All others write to it.
                    break
            except KeyError:
                # One that it names could not be made, which is said.
                continue
        if faults:
            said = " ".join(str(fault) for fault in faults.values())
            silent = "" if [*faults] == ["dashboard"] else ", and nobody is written to"
            warn(
                f"{said} The studio works without it{silent}. It needs"
                " roles/monitoring.editor and roles/logging.configWriter on the project. The next"
                " pulumi up tries again. To do without: pulumi config set atelier:alerts false."
            )
        return made

    def _put_one(self, part: Part, watched: Watched, name: str, made: Names) -> str:
        content = body(part, watched, made)
        name = name or self._left(part, watched)
        try:
            if name:
                path, changed = f"{version(part)}/{name}", content
                if part == "dashboard":
                    # As it is now: a change of another state's is refused.
                    known_as = self._call(part, watched, "GET", path).get("etag", "")
                    changed = {**content, "etag": known_as}
                return str(self._call(part, watched, "PATCH", path, changed)["name"])
        except RestError as fault:
            # Somebody deleted it by hand.
            if fault.status != NOT_FOUND:
                raise
        return str(self._call(part, watched, "POST", _parent(part, watched), content)["name"])

    def _left(self, part: Part, watched: Watched) -> str:
        """Return the one that an update which was killed made; empty where there is none."""
        collection, wanted = COLLECTIONS[part], display_name(part, watched)
        path, page = _parent(part, watched), ""
        while True:
            # 100 are what each of these lists gives at a time at least.
            answer = self._call(part, watched, "GET", f"{path}?pageSize=100&pageToken={page}")
            for found in answer.get(collection, []):
                labels = found.get(labels_field(part), {})
                if found["displayName"] == wanted and labels.get("atelier-stack") == watched.stack:
                    return str(found["name"])
            page = answer.get("nextPageToken", "")
            if not page:
                return ""

    def _call(
        self, part: Part, watched: Watched, verb: Verb, path: str, content: Any = None
    ) -> dict[str, Any]:
        kind = "dashboard" if part == "dashboard" else "alert"
        what = f"the {kind} {display_name(part, watched)!r}"
        return Caller(API, self.access, watched.project).call(what, verb, path, content)


def _watched(props: State) -> Watched:
    return Watched(
        props["project"], props["display_name"], props["stack"], props["email"], props["url"]
    )


def _parent(part: Part, watched: Watched) -> str:
    return f"{version(part)}/projects/{watched.project}/{COLLECTIONS[part]}"


class Alerts(Resource, module="atelier", name="Alerts"):
    """The alerts and the dashboard of one stack.

    Attributes:
        names: The names of their parts at Google; what could not be made is not in it.
    """

    names: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        *,
        project: str,
        display_name: str,
        stack: str,
        email: str,
        url: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: dict[str, pulumi.Input[Any]] = {
            "project": project,
            "display_name": display_name,
            "stack": stack,
            "email": email,
            "url": url,
            "names": None,
        }
        super().__init__(AlertsProvider(), name, props, opts)
