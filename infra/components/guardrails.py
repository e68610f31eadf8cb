"""The limits on spending: a budget with alerts, where a billing account is given.

Owns the budget, and carries the cost estimate as its inputs, so that `pulumi preview --json` holds
what a change does to the bill. Does not stop anything: a budget only writes e-mails. What stops the
machine is its schedule and its maximum run time (`machine`, `working_hours`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.dynamic.budget import Budget
from infra.render.cost import estimate
from infra.settings.fields import Settings

ALERTS = (0.5, 0.9, 1.0)


@dataclass(frozen=True)
class GuardrailsArgs:
    """What the limits depend on; `channel` leads to the administrator, and may be empty."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    channel: pulumi.Input[str]


class Guardrails(pulumi.ComponentResource):
    """The budget.

    Attributes:
        budget: The budget's id, empty where it could not be made; None without a billing account.
    """

    budget: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: GuardrailsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        settings = args.settings
        cost = estimate(settings).as_dict()
        super().__init__("atelier:gcp:Guardrails", name, {"cost": cost}, opts)
        self.budget = None
        if settings.billing_account:
            project = gcp.organizations.get_project_output(
                project_id=settings.project,
                opts=pulumi.InvokeOutputOptions(parent=self, depends_on=args.after),
            )
            self.budget = Budget(
                f"{name}-budget",
                billing_account=settings.billing_account,
                display_name=settings.name,
                units=settings.budget_usd,
                projects=[pulumi.Output.concat("projects/", project.number)],
                quota_project=settings.project,
                stack=settings.stack,
                alerts=ALERTS,
                channel=args.channel,
                opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
            ).budget
        self.register_outputs({"budget": self.budget, "cost": cost})
