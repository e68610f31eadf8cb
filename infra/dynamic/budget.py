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
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from infra.dynamic.calls import BUDGETS, endpoint
from infra.dynamic.credentials import Access, CredentialsError, GoogleProvider
from infra.settings.facts import WARNING

State = dict[str, Any]

GOOGLES = "https://billingbudgets.googleapis.com/v1/"
SECONDS = 30
NOT_FOUND = 404
WANTED = ("billing_account", "display_name", "units", "projects", "stack", "alerts")


class BudgetError(RuntimeError):
    """A call to the Budget API failed; the message says how Google answered."""


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
            with suppress(BudgetError):
                name = self._left(_parent(_props), _props)
        if not name:
            return
        try:
            self._call("DELETE", name, _props)
        except BudgetError as fault:
            _warn(f"{fault} Delete it by hand: {name}.")

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
        except BudgetError as fault:
            _warn(
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

    def _call(self, verb: str, path: str, props: State, content: Any = None) -> dict[str, Any]:
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        what = f"the budget {props['display_name']}"
        try:
            address, plain = endpoint(BUDGETS)
            session = _session(self.access, props["quota_project"], plain=plain)
            url = (address or GOOGLES) + path
            answer = session.request(verb, url, json=content, timeout=SECONDS)
        except (CredentialsError, GoogleAuthError, RequestException) as fault:
            raise BudgetError(f"{what} could not be reached ({fault}).") from None
        if answer.ok:
            return answer.json() if answer.content else {}
        if verb == "DELETE" and answer.status_code == NOT_FOUND:
            return {}
        if verb == "PATCH" and answer.status_code == NOT_FOUND:
            # Somebody deleted it by hand.
            parent = path.rpartition("/")[0]
            return self._call("POST", parent, props, content)
        try:
            said = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            said = answer.reason
        raise BudgetError(f"{what} is refused: {said} (status {answer.status_code}).")


def _parent(props: State) -> str:
    return f"billingAccounts/{props['billing_account']}/budgets"


def body(props: State) -> dict[str, Any]:
    """Return the budget as the API takes it."""
    return {
        "displayName": props["display_name"],
        "budgetFilter": {
            "projects": list(props["projects"]),
            "labels": {"atelier-stack": [props["stack"]]},
        },
        # Without a currency: the billing account's.
        "amount": {"specifiedAmount": {"units": str(int(props["units"]))}},
        "thresholdRules": [{"thresholdPercent": part} for part in props["alerts"]],
    }


def _session(access: Access, quota_project: str, *, plain: bool) -> Any:
    """Return a session; without credentials where plain http leads to this computer."""
    import requests
    from google.auth.transport.requests import AuthorizedSession

    if plain:
        return requests.Session()
    # The API counts its calls on a project, and a person's own credentials have none.
    return AuthorizedSession(replace(access, quota_project=quota_project).credentials())


def _warn(text: str) -> None:
    print(f"{WARNING}{text}", flush=True)


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
            "budget": None,
        }
        super().__init__(BudgetProvider(), name, props, opts)
