"""What is said before GPUs are rented."""

import pytest

from batch.quote import Quote, dollars_an_hour, images_per_second, prices


def test_hours_and_dollars_follow_from_images_speed_and_workers() -> None:
    quote = Quote("cloudrun", 36_000, 2, 10.0, told=True)
    # An hour's work, and three minutes for each of the two to start.
    assert quote.worker_hours == pytest.approx(1.1)
    assert quote.hours == pytest.approx(0.55)
    assert quote.dollars == pytest.approx(1.1 * dollars_an_hour("cloudrun"))


def test_an_hour_is_paid_for_gpu_processors_and_memory() -> None:
    assert dollars_an_hour("cloudrun") == pytest.approx(0.672 + 4 * 0.0648 + 16 * 0.0072)
    assert dollars_an_hour("dataflow") == pytest.approx(0.672 + 4 * 0.056 + 16 * 0.003557)


def test_it_says_where_the_prices_are_from_and_whether_the_speed_is_a_guess() -> None:
    said = Quote("dataflow", 1_000_000, 10, 5.0).sentence()
    assert said.startswith("1,000,000 images on 10 x L4 (dataflow): about 5.8 hours")
    assert "an estimate" in said
    assert "https://cloud.google.com/dataflow/pricing" in said
    assert prices()["written_on"] in said
    assert "as you say" in Quote("dataflow", 1, 1, 5.0, told=True).sentence()


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("sam_vit_h@4b8939f7", 1),
        ("sam2.1-small@1", 10),
        ("segformer-b2-clothes@1+clothes+label", 10),
        ("something new", 5),
    ],
)
def test_every_model_has_a_speed(version: str, expected: float) -> None:
    assert images_per_second(version) == expected
