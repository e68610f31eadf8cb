"""The limits on spending: a budget with alerts, where a billing account is given.

Owns the budget, and carries the cost estimate as its inputs, so that `pulumi preview --json` holds
what a change does to the bill. Does not stop anything: a budget only writes e-mails. What stops the
machine is its schedule and its maximum run time (`machine`, `working_hours`).
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.services import Services
from infra.render.cost import estimate
from infra.settings.fields import Settings

ALERTS = (0.5, 0.9, 1.0)


@dataclass(frozen=True)
class GuardrailsArgs:
    """What the limits depend on."""

    settings: Settings
    services: Services


class Guardrails(pulumi.ComponentResource):
    """The budget.

    Attributes:
        budget: The budget's id, or None without a billing account.
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
                opts=pulumi.InvokeOutputOptions(parent=self, depends_on=args.services),
            )
            # The Budget API counts its calls on the caller's project, and has none by itself when
            # a person's own credentials are used.
            billed = gcp.Provider(
                f"{name}-billing",
                project=settings.project,
                billing_project=settings.project,
                user_project_override=True,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.budget = gcp.billing.Budget(
                f"{name}-budget",
                billing_account=settings.billing_account,
                display_name=settings.name,
                amount={
                    "specified_amount": {
                        "currency_code": "USD",
                        "units": str(settings.budget_usd),
                    }
                },
                budget_filter={
                    "projects": [pulumi.Output.concat("projects/", project.number)],
                    "labels": {"atelier-stack": settings.stack},
                },
                threshold_rules=[{"threshold_percent": part} for part in ALERTS],
                opts=pulumi.ResourceOptions(parent=self, provider=billed, depends_on=args.services),
            ).id
        self.register_outputs({"budget": self.budget, "cost": cost})
