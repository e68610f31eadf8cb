"""The project, and what the account may do there.

Answers: the REST references of cloudresourcemanager v1 (projects.get, testIamPermissions,
getEffectiveOrgPolicy), cloudbilling v1 (projects.getBillingInfo) and serviceusage v1
(services.batchGet).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.operate.causes.access import ROLES, UNCONDITIONAL
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.google import Answer
from infra.operate.doctor.permissions import ALERTS, JOBS, needed
from infra.operate.doctor.subject import Subject, not_looked_at
from infra.settings.apis import apis as needed_apis
from infra.settings.fields import Settings

# Without it no other API can be enabled.
_ENABLER = "serviceusage.googleapis.com"
_COMPUTE = "compute.googleapis.com"


def project(subject: Subject) -> Iterator[Finding]:
    """It is there, and not about to be deleted."""
    found = subject.google.ask("resources", f"projects/{subject.project}")
    if found.lacks_quota_project:
        yield doubtful(
            "your login has no project on which its calls are counted (a quota project), and this"
            " API wants one; the API itself may well be on",
            f"gcloud auth application-default set-quota-project {subject.project}",
        )
        return
    if not found.ok:
        # Google says 403 for both, so that nobody learns which projects there are.
        if found.status in (403, 404) and not found.api_is_off:
            yield doubtful(
                f"project {subject.project} does not exist, or your account may not look at it",
                "gcloud projects list",
                "shows those that you have. To choose one:",
                "pulumi config set gcp:project PROJECT_ID",
            )
            return
        yield not_looked_at("the project", found)
        return
    state = found.body.get("lifecycleState", "ACTIVE")
    if state != "ACTIVE":
        yield bad(
            f"project {subject.project} is {state}",
            f"gcloud projects undelete {subject.project}",
            "or choose another: pulumi config set gcp:project PROJECT_ID",
        )
        return
    yield good(f"{subject.project} ({found.body.get('projectNumber', 'no number')})")


def billing(subject: Subject) -> Iterator[Finding]:
    """Somebody pays: without that no API of Compute Engine can be used."""
    found = subject.google.ask("billing", f"projects/{subject.project}/billingInfo")
    if not found.ok:
        yield not_looked_at("billing", found)
    elif found.body.get("billingEnabled"):
        yield good(str(found.body.get("billingAccountName", "on")))
    else:
        yield bad(
            f"project {subject.project} has no billing account, or a closed one",
            "Link one at https://console.cloud.google.com/billing/linkedaccount?project="
            f"{subject.project}",
        )


def apis(subject: Subject) -> Iterator[Finding]:
    """Those that the program uses; it enables them itself, if it may begin to."""
    found, off = _off(subject)
    if found.api_is_off:
        yield bad(
            f"{_ENABLER} is off, which enables the other APIs",
            f"gcloud services enable {_ENABLER} --project {subject.project}",
        )
    elif not found.ok:
        yield not_looked_at("the APIs", found)
    elif _COMPUTE in off:
        yield doubtful(
            f"{len(off)} are off, and `make up` enables them; without {_COMPUTE} quota, zone and"
            " boot image cannot be looked at",
            "To look first:",
            f"gcloud services enable {_COMPUTE} --project {subject.project}",
        )
    else:
        yield good(f"`make up` enables the {len(off)} that are off" if off else "all on")


def _off(subject: Subject) -> tuple[Answer, list[str]]:
    """Return Google's answer, and the APIs among those of the program that are off."""
    services = f"projects/{subject.project}/services"
    names = [f"{services}/{name}.googleapis.com" for name in needed_apis(subject.settings)]
    found = subject.google.ask("serviceusage", f"{services}:batchGet", params={"names": names})
    states = cast("list[Mapping[str, Any]]", found.body.get("services", []))
    off = [str(it["name"]).rpartition("/")[2] for it in states if it.get("state") != "ENABLED"]
    return found, off


def permissions(subject: Subject) -> Iterator[Finding]:
    """Everything that the program will do, asked in one question.

    A role on a resource alone (a bucket, the account) is not seen here: where an update may well do
    without the permission on the project, it is a warning; else `--no-doctor` goes on.
    """
    wanted = needed(subject.settings)
    found = subject.google.ask(
        "resources",
        f"projects/{subject.project}:testIamPermissions",
        body={"permissions": list(wanted)},
    )
    if not found.ok:
        yield not_looked_at("your permissions", found)
        return
    missing = [name for name in wanted if name not in found.body.get("permissions", [])]
    if not missing:
        yield good(f"all {len(wanted)} that an update needs")
        return
    roles: dict[str, list[str]] = {}
    for name in missing:
        role = next((role for start, role in ROLES.items() if name.startswith(start)), "ROLE")
        roles.setdefault(role, []).append(name)
    for role, lacking in roles.items():
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        without = _without(subject, lacking)
        said = doubtful if without else bad
        yield said(
            f"your account lacks {lacking[0]}{more}",
            *without,
            "An owner of the project gives you the role:",
            f"gcloud projects add-iam-policy-binding {subject.project}"
            f" --member user:YOUR_ADDRESS --role {role} {UNCONDITIONAL}",
        )


def _without(subject: Subject, lacking: list[str]) -> tuple[str, ...]:
    """Return why an update may do without these permissions on the project; nothing: it cannot."""
    if set(lacking) <= set(JOBS[subject.settings.batch]):
        return ("An update does without; you could start no job over an archive. To start some:",)
    if set(lacking) <= set(ALERTS):
        return ("An update does without; nobody would be told of some failures. To be told:",)
    if subject.is_up:
        return ("The studio is up, and an update that makes nothing new may do without. If not:",)
    if lacking == ["iam.serviceAccounts.actAs"]:
        return ("You may have it on the machine's account alone, which is not seen here. If not:",)
    if lacking == ["serviceusage.services.enable"]:
        found, off = _off(subject)
        if found.ok and not off:
            return ("All APIs are on, so that an update does without. For a later one:",)
    return ()


def policies(subject: Subject) -> Iterator[Finding]:
    """What an organization forbids."""
    unseen: Finding | None = None
    count = 0
    for constraint, judge in _CONSTRAINTS.items():
        found = subject.google.ask(
            "resources",
            f"projects/{subject.project}:getEffectiveOrgPolicy",
            body={"constraint": f"constraints/{constraint}"},
        )
        if not found.ok:
            unseen = not_looked_at("the organization's policies", found)
            break
        message, *remedy = judge(found.body, subject.settings) or ("",)
        if message:
            count += 1
            yield bad(f"{message} ({constraint})", *remedy)
    if unseen:
        yield unseen
    elif not count:
        yield good("nothing that the studio needs is forbidden")


_Judged = tuple[str, ...] | None
_ASK = "Ask the organization's administrator for an exception for this project."


def _enforced(policy: Mapping[str, Any]) -> bool:
    return bool(policy.get("booleanPolicy", {}).get("enforced"))


def _keys(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    if settings.auth == "key" and _enforced(policy):
        return (
            "service account keys are forbidden",
            "The studio works without one, with the machine's own identity:",
            "pulumi config set atelier:auth keyless",
        )
    return None


def _accounts(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    return ("new service accounts are forbidden", _ASK) if _enforced(policy) else None


def _attributes(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    if _enforced(policy) and settings.ready_minutes:
        return (
            "guest attributes are forbidden, by which the machine says that it is ready",
            f"{_ASK} Or do without the wait:",
            "pulumi config set atelier:readyMinutes 0",
        )
    return None


def _addresses(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    machine = f"projects/{settings.project}/zones/{settings.zone}/instances/{settings.name}"
    allowed = policy.get("listPolicy", {})
    if allowed.get("allValues") == "DENY" or (
        allowed.get("allowedValues") and machine not in allowed["allowedValues"]
    ):
        return (
            "external addresses are forbidden, also for the way out that the machine needs",
            f"Ask the organization's administrator to allow {machine}.",
        )
    return None


def _images(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    source = "/".join(settings.machine.boot_image.split("/")[:2])
    rule = policy.get("listPolicy", {})
    allowed = rule.get("allowedValues")
    if (
        rule.get("allValues") == "DENY"
        or source in rule.get("deniedValues", [])
        or (allowed and source not in allowed)
    ):
        return (
            f"boot images of {source} are not trusted here",
            f"Ask the organization's administrator to trust {source}, or name an image of your"
            " own: pulumi config set atelier:bootImage projects/.../global/images/...",
        )
    return None


def _locations(policy: Mapping[str, Any], settings: Settings) -> _Judged:
    allowed = policy.get("listPolicy", {}).get("allowedValues", [])
    # Groups, as in:eu-locations, are the organization's own to know.
    plain = [str(value) for value in allowed if not str(value).startswith("in:")]
    if plain and len(plain) == len(allowed) and settings.region not in plain:
        return (
            f"resources in {settings.region} are forbidden",
            f"Set zone to one of {', '.join(plain)}.",
        )
    return None


# docs.cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints. Those that
# ask for what the machine has anyway (Shielded VM, OS Login, uniform bucket access) are left out.
_CONSTRAINTS = {
    "iam.disableServiceAccountKeyCreation": _keys,
    "iam.disableServiceAccountCreation": _accounts,
    "compute.vmExternalIpAccess": _addresses,
    "compute.trustedImageProjects": _images,
    "compute.disableGuestAttributesAccess": _attributes,
    "gcp.resourceLocations": _locations,
}
