"""What is there already under the names that the stack will use.

Answers: docs.cloud.google.com/storage/docs/json_api/v1/buckets/get, artifactregistry's
projects.locations.repositories.get, and instances.aggregatedList of Compute Engine.
"""

import socket
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, cast

from infra.dynamic.buckets import put_labels
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.google import stood_in
from infra.operate.doctor.subject import Subject, not_looked_at
from infra.operate.table.kinds import MACHINE, RESTORE_POINT
from infra.render.env import own_registry

# What DNS64 makes of every IPv4 address: RFC 6052, 2.1. There is no such record.
_TRANSLATED = ip_network("64:ff9b::/96")


def buckets(subject: Subject) -> Iterator[Finding]:
    """Free, this stack's, the project's, or somebody's: names are Google's whole world's."""
    settings = subject.settings
    whose = subject.google.ask("resources", f"projects/{subject.project}")
    number = str(whose.body.get("projectNumber", ""))
    for key, name, is_named in (
        ("sourceBucket", settings.source_bucket_name, bool(settings.source_bucket)),
        ("targetBucket", settings.target_bucket_name, bool(settings.target_bucket)),
    ):
        found = subject.google.ask("storage", f"b/{name}")
        another = f"pulumi config set atelier:{key} NAME"
        if found.missing:
            yield good(f"{name} is free")
        elif found.status == 403 and not found.api_is_off:
            yield bad(
                f"somebody else has a bucket {name}, or you may not look at it",
                "Choose another name:",
                another,
            )
        elif not found.ok:
            yield not_looked_at(f"bucket {name}", found)
        elif number and str(found.body.get("projectNumber")) != number:
            yield bad(
                f"bucket {name} is in another project of yours",
                "Choose another name:",
                another,
            )
        elif settings.own_labels.items() <= dict(found.body.get("labels", {})).items():
            yield good(f"{name} is this stack's")
        elif not is_named:
            yield bad(
                f"bucket {name} has the name of this stack's own, and not its labels",
                "If the stack made it, put them back:",
                put_labels(name, settings.own_labels),
                "If it is somebody else's, name it, and it is used and stays as it is:",
                f"pulumi config set atelier:{key} {name}",
            )
        else:
            yield doubtful(
                f"bucket {name} is there already, and was not made by this stack: it is used,"
                " and stays as it is",
                "If that is not meant:",
                another,
            )


def registry(subject: Subject) -> Iterator[Finding]:
    """Where images are pushed to can be reached from here."""
    settings = subject.settings
    if settings.images != "docker":
        yield good(f"not needed: images {settings.images}")
        return
    host = own_registry(settings)
    if not stood_in(subject.environ):
        try:
            socket.create_connection((host, 443), timeout=5).close()
        except OSError as fault:
            yield doubtful(
                f"{host} cannot be reached from this computer ({fault})",
                "Images are pushed there. Docker may need a proxy; or let Google build:",
                "pulumi config set atelier:images cloudbuild",
            )
            return
    yield good(f"{host} answers")


def other_state(subject: Subject) -> Iterator[Finding]:
    """No living studio of this name that another state knows and this one does not."""
    settings = subject.settings
    if subject.is_up:
        yield good("this state has the machine")
        return
    found = subject.google.ask(
        "compute",
        f"projects/{subject.project}/aggregated/instances",
        params={"filter": f"labels.atelier-stack={settings.stack}"},
    )
    if not found.ok:
        yield not_looked_at("other studios", found)
        return
    scopes = cast("Mapping[str, Mapping[str, Any]]", found.body.get("items", {}))
    machines = [it for scope in scopes.values() for it in scope.get("instances", [])]
    if machines and MACHINE in subject.unfinished:
        yield doubtful(
            f"{machines[0].get('name')} is there, and an update that was to make it did not end:"
            " it was killed, or still runs",
            "`make up` begins by taking up what is there.",
        )
    elif machines and RESTORE_POINT in subject.standing:
        name, zone = machines[0].get("name"), str(machines[0].get("zone", "")).rpartition("/")[2]
        # Where another state has the studio there is none: infra.dynamic.restore_point.
        yield bad(
            f"{name} is there, and this state, which began the studio, knows nothing of it: Google"
            " went on making it when an update had given up",
            "No labeler has seen it, and the data is on a disk of its own, which stays. Delete it,"
            " and go on:",
            f"gcloud compute instances delete {name} --zone {zone} --project {subject.project}",
            "make up" if settings.stack == "dev" else f"make up STACK={settings.stack}",
        )
    elif machines:
        zone = str(machines[0].get("zone", "")).rpartition("/")[2]
        yield bad(
            f"{machines[0].get('name')} in {zone} is a studio of this name, and this state knows"
            " nothing of it: somebody runs it with a state of their own",
            "Ask where that state is, and use it:",
            "pulumi login gs://BUCKET",
            "or make a studio beside it: pulumi stack init NAME",
        )
    else:
        yield good("no studio of this name that this state does not know")


def domain(subject: Subject) -> Iterator[Finding]:
    """The name leads to the machine, by IPv4 alone.

    Warnings: another resolver, or a proxy before the studio, may answer differently, and an update
    waits for the name anyway.
    """
    settings = subject.settings
    if settings.tls != "domain":
        yield good("no domain")
        return
    name = settings.domain
    four, six = _addresses(name, socket.AF_INET), _addresses(name, socket.AF_INET6)
    if six:
        # Let's Encrypt takes IPv6 where there is one: letsencrypt.org/docs/ipv6-support.
        yield doubtful(
            f"{name} has an AAAA record ({', '.join(six)}), and the machine has no IPv6: browsers"
            " and the certificate's issuer would go there",
            f"Delete the AAAA record of {name}.",
        )
    if subject.address and four and subject.address not in four:
        yield doubtful(
            f"{name} leads to {', '.join(four)}, and the machine is {subject.address}",
            f"Set the A record of {name} to {subject.address} alone, unless a proxy of yours"
            " answers for it.",
        )
    elif not four:
        yield doubtful(
            f"{name} has no A record yet",
            f"Make one for {subject.address}."
            if subject.address
            else "`make up` shows the record to make, and waits for it.",
        )
    elif not subject.address:
        yield doubtful(
            f"{name} leads to {', '.join(four)}, before there is a machine",
            "`make up` shows the address to set.",
        )
    elif not six:
        yield good(f"{name} leads to {subject.address}")


def _addresses(name: str, family: socket.AddressFamily) -> list[str]:
    try:
        found = socket.getaddrinfo(name, 443, family, socket.SOCK_STREAM)
    except OSError:
        return []
    addresses = {str(entry[4][0]) for entry in found}
    return sorted(it for it in addresses if ip_address(it.partition("%")[0]) not in _TRANSLATED)
