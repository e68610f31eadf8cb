"""What is left open is counted by reason, and the exit status says which kind it is."""

from studio.left import NEVER, NOT_NOW, UNKNOWN, Left, left_of
from tests.studio.parts.conftest import task

BIG = "more than the 100 megapixels allowed"
REFUSED = [task(number, f"{number}.jpg", f"v2 cannot: {BIG}") for number in range(1, 8)]
WAITING = [task(8, "slow.jpg"), task(9)]


def test_nothing_left_is_done() -> None:
    left = left_of([task(1, "a", "v2"), task(2, "b", "v1 cannot: x", "v2")], "v2")
    assert left == Left()
    assert (left.exit_status, left.summary(), left.lines()) == (0, "", [])


def test_images_that_cannot_be_used_are_counted_and_the_first_are_named() -> None:
    left = left_of(REFUSED, "v2")
    assert left.exit_status == NEVER
    named = "1.jpg, 2.jpg, 3.jpg, 4.jpg, 5.jpg, ..."
    assert left.lines() == [f"cannot be pre-labelled: {BIG}: 7 tasks ({named})"]


def test_what_may_be_answered_later_wins_and_has_its_reason_where_the_backend_tells_one() -> None:
    left = left_of([*REFUSED, *WAITING], "v2", WAITING, {8: "its server does not answer"})
    assert left.exit_status == NOT_NOW
    assert left.lines()[:2] == [
        "cannot be pre-labelled now: its server does not answer: 1 task (slow.jpg)",
        f"cannot be pre-labelled now: {UNKNOWN}: 1 task (task 9)",
    ]
    assert left.summary() == (
        "2 tasks could not be pre-labelled now; run it again; 7 tasks cannot be pre-labelled "
        "before the image or a setting is mended; after a setting was, run it with --again"
    )
