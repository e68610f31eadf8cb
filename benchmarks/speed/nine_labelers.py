"""Figures of the backend with many labelers at once: throughput, wrong masks, memory."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from benchmarks.segment_anything import overlap
from benchmarks.speed import servers
from benchmarks.speed.clicks import Labeler, mask_of
from benchmarks.speed.run import Run
from benchmarks.speed.timing import percentile, resident, spoken

USERS, CLICKS = 9, 5
SIZE = "2.8"
# A mask that overlaps less with the one that a lone labeler gets is another image's.
SAME = 0.95
# The peer encodes at nearly every click: how many it answers is clear before it is through.
PEER_SECONDS = 90.0
# Ours remembers the logits of its last 256 clicks; so many others make it forget them, and a lone
# labeler's masks are then made anew.
FORGETTING = 300
TOGETHER = (1, 2, 4, 8, 16)


@dataclass
class Crowd:
    """What labelers at work together got.

    Attributes:
        answers: (user, click) -> the answer's body.
        seconds: (user, click) -> how long it took.
        errors: what was refused, a sentence each.
        last: seconds from the start to the last answer.
    """

    answers: dict[tuple[int, int], bytes] = field(default_factory=dict)
    seconds: dict[tuple[int, int], float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    last: float = 0.0

    @property
    def clicks_per_second(self) -> float:
        return len(self.answers) / self.last if self.last else 0.0

    def told(self) -> str:
        times = sorted(self.seconds.values()) or [0.0]
        return (
            f"{self.clicks_per_second:.3g} clicks/s ({len(self.answers)} in {spoken(self.last)}, "
            f"p50 {spoken(percentile(times, 0.5))}, p95 {spoken(percentile(times, 0.95))}, "
            f"{len(self.errors)} errors)"
        )


def work(
    labelers: list[Labeler], prompts: Callable[[int, int], tuple[int, ...]], clicks: int,
    seconds: float = float("inf"),
) -> Crowd:  # fmt: skip
    """Let labelers click side by side, each as soon as it has its answer.

    Args:
        prompts: (user, click) -> the numbers of the places that are sent.
        clicks: of each labeler.
        seconds: nobody begins another click after that.
    """
    crowd, lock, started = Crowd(), threading.Lock(), time.monotonic()

    def user(number: int) -> None:
        for click in range(clicks):
            since = time.monotonic()
            if since - started > seconds:
                return
            try:
                answer = labelers[number].click(*prompts(number, click))
            except requests.RequestException as error:
                with lock:
                    crowd.errors.append(str(error))
                continue
            with lock:
                now = time.monotonic()
                crowd.answers[number, click] = answer
                crowd.seconds[number, click] = now - since
                crowd.last = now - started

    with ThreadPoolExecutor(len(labelers)) as users:
        list(users.map(user, range(len(labelers))))
    return crowd


def further(user: int, click: int) -> tuple[int, ...]:
    """The places of a labeler who refines one mask: one more with each click."""
    return tuple(100 * user + number for number in range(click + 1))


def measure(run: Run) -> None:
    """Measure the group `users`."""
    addresses = [run.pictures.address(SIZE, seed) for seed in range(1, USERS + 2)]
    warm: dict[str, dict[int, Crowd]] = {}
    with servers.ours(run.weights, run.folder, run.pictures.host) as ours:
        mine = [Labeler(ours.url, address, SIZE) for address in addresses[:USERS]]
        own = work(mine, further, CLICKS)
        memory = resident(ours.pid)
        for number in range(run.samples(FORGETTING)):
            mine[0].click(50_000 + number)
        wrong = _wrong(own, mine)
        before = ours.metric("atelier_encodes_total")
        cold = [Labeler(ours.url, addresses[-1], SIZE) for _ in range(USERS)]
        together = work(cold, lambda user, click: (0,), 1)
        encodes = ours.metric("atelier_encodes_total") - before
        warm["ours"] = _percentiles(ours.url, addresses[-1])
    run.note("nine_users_wrong", wrong, f"of {len(own.answers)}, IoU below {SAME} to a lone one's")
    run.note("nine_users_errors", len(own.errors), "; ".join(own.errors[:2]))
    if together.errors:
        run.note("one_image_encodes", None, together.errors[0])
    run.note("one_image_encodes", encodes, f"all nine had their mask after {spoken(together.last)}")
    if not run.want("nine_users_throughput", "memory"):
        return
    with servers.peer(run.weights, run.folder) as peer:
        Labeler(peer.url, addresses[0], SIZE).click(0)
        # Before the crowd comes: afterwards it holds more.
        peers_memory = resident(peer.pid)
        warm["peer"] = _percentiles(peer.url, addresses[0])
        theirs = [Labeler(peer.url, address, SIZE) for address in addresses[:USERS]]
        others = work(theirs, further, CLICKS, 10.0 if run.quick else PEER_SECONDS)
    rate = own.clicks_per_second / others.clicks_per_second if others.answers else None
    run.note("nine_users_throughput", rate, f"ours {own.told()}, peer {others.told()}")
    run.note(
        "memory", memory / peers_memory,
        f"ours {memory / 1e9:.2f} GB with nine images, peer {peers_memory / 1e9:.2f} GB with one",
    )  # fmt: skip
    run.tabulate(
        f"Warm clicks of several users on one picture of {SIZE} Mpx",
        ("users", *(f"{side}: {what}" for side in warm for what in ("p50", "p95", "clicks/s"))),
        [
            (
                str(users),
                *(cell for side in warm for cell in _cells(warm[side][users])),
            )
            for users in TOGETHER
        ],
    )


def _wrong(crowd: Crowd, labelers: list[Labeler]) -> int:
    """How many answers are not those that a labeler alone gets."""
    return sum(
        overlap(mask_of(answer, SIZE), labelers[user].mask(*further(user, click))) < SAME
        for (user, click), answer in crowd.answers.items()
    )


def _percentiles(url: str, address: str) -> dict[int, Crowd]:
    found = {}
    for users in TOGETHER:
        labelers = [Labeler(url, address, SIZE) for _ in range(users)]

        def elsewhere(user: int, click: int, users: int = users) -> tuple[int, ...]:
            return (1_000_000 + 10_000 * users + 100 * user + click,)

        found[users] = work(labelers, elsewhere, max(3, 16 // users))
    return found


def _cells(crowd: Crowd) -> tuple[str, str, str]:
    times = list(crowd.seconds.values())
    if not times:
        return "-", "-", "-"
    return (
        spoken(percentile(times, 0.5)), spoken(percentile(times, 0.95)),
        f"{crowd.clicks_per_second:.3g}",
    )  # fmt: skip
