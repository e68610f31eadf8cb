"""The Google APIs that a stack's resources need.

Owns: that they are enabled. Does not disable any when the stack goes: other stacks and people may
use them, and disabling Compute would delete every machine of the project. Does not own the one for
jobs (`batch`): what waits for an API that is about to be enabled, a preview does not know.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.settings.apis import studio_apis
from infra.settings.fields import Settings


@dataclass(frozen=True)
class ServicesArgs:
    """What the services depend on."""

    settings: Settings


class Services(pulumi.ComponentResource):
    """The enabled APIs; whatever depends on this component waits for all of them.

    Attributes:
        names: The enabled APIs' full names.
    """

    names: list[pulumi.Output[str]]

    def __init__(
        self, name: str, args: ServicesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Services", name, None, opts)
        self.names = [
            gcp.projects.Service(
                f"{name}-{api}",
                service=f"{api}.googleapis.com",
                project=args.settings.project,
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self),
            ).service
            for api in studio_apis(args.settings)
        ]
        self.register_outputs({"names": self.names})
