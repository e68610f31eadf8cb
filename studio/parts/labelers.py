"""The labelers' accounts: whoever is in the file and has none gets one."""

import secrets
from dataclasses import dataclass

from pydantic import SecretStr

from studio.label_studio.sign_up import sign_up
from studio.part import Context, Step
from studio.project.project_file import Labeler, ProjectFile

OF_DATA = False
# 12 bytes: 16 characters of A-Z, a-z, 0-9, - and _.
PASSWORD_BYTES = 12


@dataclass(frozen=True)
class CreateAccount(Step):
    """Create an account, and show its password if the file has none."""

    labeler: Labeler

    def describe(self) -> str:
        return f"create an account for {self.labeler.email}"

    def carry_out(self, context: Context) -> None:
        email, given = self.labeler.email, self.labeler.password
        password = given or SecretStr(secrets.token_urlsafe(PASSWORD_BYTES))
        sign_up(context.studio.connection, context.studio.invitation(), email, password)
        # Shown now: whatever fails later, nobody could find the password out again.
        context.output.say(
            f"created account {email} with the password of the project file"
            if given
            else f"created account {email} with password {password.get_secret_value()} "
            "(it will not be shown again)"
        )


def look(context: Context) -> frozenset[str]:
    """Return the e-mail address of every account, in lower case."""
    return frozenset(context.studio.users().values())


def compare(project: ProjectFile, seen: frozenset[str]) -> list[Step]:
    return [
        CreateAccount(labeler) for labeler in project.labelers if labeler.email.lower() not in seen
    ]
