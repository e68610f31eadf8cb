"""The budget that writes e-mails: a nicety, so whatever goes wrong with it is a warning.

Pulumi's own resource would end the update in the middle, and a budget has much to go wrong: it
needs rights on the billing account, which the studio needs not. A budget that could not be made is
tried again by the next update. Its currency is the billing account's own, which the API fills in:
any other is refused (https://cloud.google.com/billing/docs/reference/budget/rest, `amount`).
"""

# The client library has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from infra.dynamic.calls import BUDGETS, warn
from infra.dynamic.credentials import GoogleProvider
from infra.dynamic.rest import NOT_FOUND, Api, Caller, RestError, Verb

State = dict[str, Any]

API = Api(BUDGETS, "https://billingbudgets.googleapis.com/v1/")
WANTED = ("billing_account", "display_name", "units", "projects", "stack", "alerts", "channel")


class BudgetProvider(GoogleProvider):
    """Makes, changes and deletes the budget; warns where it cannot."""

    def create(self, props: State) -> CreateResult:
        """Make the budget, or say why there is none."""
        return CreateResult(props["display_name"], {**props, "budget": self._put("", props)})

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Try again, too, where there is none yet. Another account's is another budget."""
        changed = any(_olds.get(key) != _news.get(key) for key in WANTED)
        moved = _olds["billing_account"] != _news["billing_account"]
        return DiffResult(
            changes=changed or not _olds["budget"], replaces=["billing_account"] if moved else []
        )

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Change the budget."""
        return UpdateResult({**_news, "budget": self._put(_olds["budget"], _news)})

    def delete(self, _id: str, _props: State) -> None:
        """Delete the budget; one that is left costs nothing."""
        name = _props["budget"]
        if not name:
            # Who could not make one mostly may not look for one.
            with suppress(RestError):
                name = self._left(_parent(_props), _props)
        if not name:
            return
        try:
            self._call("DELETE", name, _props)
        except RestError as fault:
            warn(f"{fault} Delete it by hand: {name}.")

    def _put(self, name: str, props: State) -> str:
        """Return the budget's name; where it could not be made, none, or the one that was."""
        parent = _parent(props)
        try:
            name = name or self._left(parent, props)
            made = (
                self._call("PATCH", name, props, body(props))
                if name
                else self._call("POST", parent, props, body(props))
            )
        except RestError as fault:
            warn(
                f"{fault} The studio works without it, and nobody is written to about costs. It"
                " needs roles/billing.costsManager on the billing account, and the account's id as"
                " `gcloud billing accounts list` shows it. The next pulumi up tries again. To do"
                " without: pulumi config rm atelier:billingAccount."
            )
            return name
        return str(made.get("name") or name)

    def _left(self, parent: str, props: State) -> str:
        """Return the budget that an update which was killed made; empty where there is none."""
        wanted = body(props)
        # Those of the project: a page has a hundred at most, and an account may have more
        # (google-cloud-billing-budgets, ListBudgetsRequest).
        path = f"{parent}?pageSize=100&scope={quote(props['projects'][0], safe='')}"
        for found in self._call("GET", path, props).get("budgets", []):
            known = found.get("budgetFilter", {})
            if found.get("displayName") == wanted["displayName"] and all(
                known.get(key) == value for key, value in wanted["budgetFilter"].items()
            ):
                return str(found["name"])
        return ""

    def _call(self, verb: Verb, path: str, props: State, content: Any = None) -> dict[str, Any]:
        what = f"the budget {props['display_name']}"
        try:
            return Caller(API, self.access, props["quota_project"]).call(what, verb, path, content)
        except RestError as fault:
            if fault.status != NOT_FOUND or verb not in ("DELETE", "PATCH"):
                raise
        if verb == "DELETE":
            return {}
        # Somebody deleted it by hand.
        return self._call("POST", path.rpartition("/")[0], props, content)


def _parent(props: State) -> str:
    return f"billingAccounts/{props['billing_account']}/budgets"


def body(props: State) -> dict[str, Any]:
    """Return the budget as the API takes it."""
    channel = props.get("channel")
    return {
        "displayName": props["display_name"],
        "budgetFilter": {
            "projects": list(props["projects"]),
            "labels": {"atelier-stack": [props["stack"]]},
        },
        # Without a currency: the billing account's.
        "amount": {"specifiedAmount": {"units": str(int(props["units"]))}},
        "thresholdRules": [{"thresholdPercent": part} for part in props["alerts"]],
        # Beside the billing account's administrators, whom Google writes to by itself.
        "notificationsRule": {"monitoringNotificationChannels": [channel]} if channel else {},
    }


class Budget(Resource, module="atelier", name="Budget"):
    """The budget of one stack.

    Attributes:
        budget: Its name; empty where it could not be made.
    """

    budget: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        billing_account: str,
        display_name: str,
        units: int,
        projects: Sequence[pulumi.Input[str]],
        quota_project: str,
        stack: str,
        alerts: Sequence[float],
        channel: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: dict[str, pulumi.Input[Any]] = {
            "billing_account": billing_account,
            "display_name": display_name,
            "units": units,
            "projects": list(projects),
            "quota_project": quota_project,
            "stack": stack,
            "alerts": list(alerts),
            "channel": channel,
            "budget": None,
        }
        super().__init__(BudgetProvider(), name, props, opts)
