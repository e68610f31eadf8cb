"""Values that Google does not take, and things that are there already.

The doctor finds most of them before; these are for the day on which it could not look.
"""

from infra.operate.causes.wording import UP, ZONE, by_words
from infra.operate.explanation import Cause

CAUSES: tuple[Cause, ...] = (
    by_words(
        "act-as",
        r"SERVICE_ACCOUNT_ACCESS_DENIED.{0,200}'(?P<account>\S+@\S+?)'.{0,40}User:"
        r" '(?P<user>[^']+)'",
        "{user} may not act as the machine's account {account}.",
        "An owner of the project gives the role iam.serviceAccountUser:",
        "gcloud iam service-accounts add-iam-policy-binding {account} --project {project}"
        " --member user:{user} --role roles/iam.serviceAccountUser",
        UP,
    ),
    by_words(
        "boot-disk-small",
        r"disk size cannot be smaller than the image size \((?P<size>\d+) GB\)",
        "The boot image is {size} GB, larger than the disk for it (bootDiskGb).",
        "pulumi config set {flags} atelier:bootDiskGb {size}",
        UP,
    ),
    by_words(
        "no-boot-image",
        r"(?P<image>projects/(?P<owner>[\w.:-]+)/global/images/[\w/.-]+)' was not found",
        "There is no boot image {image}: families come and go with the driver's version.",
        "To look for one, and to set it (bootImage):",
        "gcloud compute images list --project {owner} --no-standard-images",
        "pulumi config set {flags} atelier:bootImage projects/{owner}/global/images/family/NAME",
        UP,
    ),
    by_words(
        "no-machine-type",
        r"Machine type with name '(?P<type>[\w-]+)' does not exist in zone '(?P<zone>[\w-]+)'",
        "Zone {zone} has no machine type {type}.",
        "To see which zones have it, and to choose one:",
        "gcloud compute machine-types list --filter name={type} --project {project}",
        "pulumi config set {flags} atelier:zone ZONE",
        UP,
    ),
    by_words(
        "no-zone",
        rf"Unknown zone|zones/{ZONE}' was not found|Permission denied on 'locations/{ZONE}'",
        "Google has no such zone.",
        "To see those that there are, and to choose one:",
        "gcloud compute zones list --project {project}",
        "pulumi config set {flags} atelier:zone ZONE",
        UP,
    ),
    by_words(
        "exists",
        r"Error 409: .{0,200}already exists",
        "Something of this name exists already, and this stack's state does not know it: made"
        " by an update that was killed, by hand, or by a stack with another state.",
        "If an update was killed, go on in this way, which begins by taking up what it made:",
        "{make}",
        "If it is somebody else's studio, make another stack, or ask where its state is.",
    ),
    by_words(
        "outside-members",
        r"do not belong to a permitted customer",
        "A policy of the organization forbids members from outside of it"
        " (iam.allowedPolicyMemberDomains).",
        "Ask the organization's administrator to allow the accounts of project {project}.",
    ),
)
