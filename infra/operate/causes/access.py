"""No credentials, no billing, an API that is off, a permission that is missing."""

import re

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause, Context, Explanation, Failure

_DISABLED = re.compile(
    r"SERVICE_DISABLED|accessNotConfigured|has not been used in project \S+ before or it is"
    r" disabled",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"\b([a-z]+)\.googleapis\.com(?:/overview|\b(?!/))")
_DENIED = re.compile(
    r"Required '([\w.]+)' permission|Permission '?([\w.]+)'? denied"
    r"|does not have ([\w.]+) access|permission: ([\w.]+)"
)
_ANY_DENIED = re.compile(
    r"IAM_PERMISSION_DENIED|The caller does not have permission|Policy update access denied"
)

# Where one binding of the policy has a condition, as a role of the builder's has, gcloud wants to
# be told that this one has none (`gcloud projects add-iam-policy-binding --help`, --condition).
UNCONDITIONAL = "--condition None"

# The smallest predefined role that has what the program asks for, by the permission's beginning;
# the first that fits. https://cloud.google.com/iam/docs/roles-permissions
ROLES = {
    "artifactregistry.": "roles/artifactregistry.admin",
    "billing.": "roles/billing.costsManager",
    "cloudbuild.": "roles/cloudbuild.builds.editor",
    "compute.": "roles/compute.admin",
    "dataflow.": "roles/dataflow.developer",
    "iam.serviceAccountKeys.": "roles/iam.serviceAccountKeyAdmin",
    "iam.serviceAccounts.actAs": "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.": "roles/iam.serviceAccountAdmin",
    "iap.": "roles/iap.admin",
    "logging.": "roles/logging.configWriter",
    "monitoring.": "roles/monitoring.editor",
    "resourcemanager.projects.getIamPolicy": "roles/resourcemanager.projectIamAdmin",
    "resourcemanager.projects.setIamPolicy": "roles/resourcemanager.projectIamAdmin",
    "resourcemanager.projects.": "roles/browser",
    "run.": "roles/run.developer",
    "secretmanager.": "roles/secretmanager.admin",
    "serviceusage.": "roles/serviceusage.serviceUsageAdmin",
    "storage.": "roles/storage.admin",
}


def api_disabled(failure: Failure, context: Context) -> Explanation | None:
    """An API is off that is needed before the program can enable the others."""
    if not _DISABLED.search(failure.text):
        return None
    match = _SERVICE.search(failure.text)
    service = f"{match[1]}.googleapis.com" if match else "serviceusage.googleapis.com"
    return Explanation(
        "api-disabled",
        f"The API {service} is not enabled in project {context.project_or_blank}.",
        (
            f"gcloud services enable {service} --project {context.project_or_blank}",
            "or https://console.cloud.google.com/apis/library/"
            f"{service}?project={context.project_or_blank}",
            "An API that was just enabled answers after a minute or two: wait, then",
            context.up(),
        ),
    )


def permission_denied(failure: Failure, context: Context) -> Explanation | None:
    """The account may not do this; the role that it lacks."""
    match = _DENIED.search(failure.text)
    permission = next((group for group in match.groups() if group), "") if match else ""
    if "." not in permission:
        if not _ANY_DENIED.search(failure.text):
            return None
        permission = ""
    role = next((role for start, role in ROLES.items() if permission.startswith(start)), "")
    lacks = f"The account that is logged in lacks the permission {permission}."
    if permission.startswith("billing."):
        grant = f"Ask an administrator of the billing account to give you {role} on it."
    else:
        grant = (
            f"gcloud projects add-iam-policy-binding {context.project_or_blank}"
            f" --member user:YOUR_ADDRESS --role {role or 'ROLE'} {UNCONDITIONAL}"
        )
    return Explanation(
        "permission-denied",
        lacks
        if permission
        else "Google Cloud refuses: the account that is logged in lacks a role.",
        ("An owner of the project gives you the role:", grant),
    )


CAUSES: tuple[Cause, ...] = (
    by_words(
        "no-credentials",
        r"(?i)could not find default credentials|failed to load application credentials"
        r"|No credentials loaded|default credentials were not found|invalid_grant|invalid_rapt"
        r"|rapt_required|oauth2: cannot fetch token",
        "Pulumi has no valid login to Google Cloud.",
        "gcloud auth application-default login",
        "(`gcloud auth login` is another login, which Pulumi does not use.) In a workflow, let"
        " google-github-actions/auth log in.",
    ),
    by_words(
        "no-billing",
        r"(?i)UREQ_PROJECT_BILLING_NOT_FOUND|BILLING_DISABLED|requires billing to be enabled"
        r"|Billing must be enabled|has billing disabled|billing account .{0,80}is disabled",
        "Project {project} has no billing account, so that no API can be used.",
        "Link one at https://console.cloud.google.com/billing/linkedaccount?project={project}",
        "Wait for some minutes, then",
        UP,
    ),
    api_disabled,
    permission_denied,
)
