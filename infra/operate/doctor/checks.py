"""All checks, side by side, each within its time."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping

from infra.operate.doctor import account, batch, here, place, things
from infra.operate.doctor.finding import Finding, doubtful
from infra.operate.doctor.subject import Subject

Check = Callable[[Subject], Iterator[Finding]]

# Several questions of eight seconds at most; who has not answered by then does not soon.
SECONDS = 20.0
HERE: Mapping[str, Check] = {
    "tools": here.programs,
    "docker": here.docker,
    "domain": things.domain,
}
AT_GOOGLE: Mapping[str, Check] = {
    "project": account.project,
    "billing": account.billing,
    "APIs": account.apis,
    "permissions": account.permissions,
    "policies": account.policies,
    "quota": place.quota,
    "zone": place.zone,
    "boot image": place.image,
    "buckets": things.buckets,
    "registry": things.registry,
    "other state": things.other_state,
    "archive jobs": batch.jobs,
}


def examine(
    subject: Subject, checks: Mapping[str, Check], seconds: float = SECONDS
) -> dict[str, tuple[Finding, ...]]:
    """Return what each check found, in their order; one that takes longer is a warning."""
    found: dict[str, tuple[Finding, ...]] = {}

    def run(name: str, check: Check) -> None:
        try:
            found[name] = tuple(check(subject))
        except Exception as fault:  # noqa: BLE001 - an answer of another form must stop nobody
            found[name] = (doubtful(f"not looked at ({type(fault).__name__}: {fault})"),)

    # Daemons: a call that hangs must not keep the command from ending.
    threads = [
        threading.Thread(target=run, args=item, name=item[0], daemon=True)
        for item in checks.items()
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = (doubtful(f"no answer within {seconds:g} s"),)
    return {name: found.get(name, late) for name in checks}
