"""What is kept of Label Studio's answers."""

from studio.label_studio.records import Task


def test_a_version_with_a_comma_is_found_among_others() -> None:
    both = Task(1, {}, (), 0, 0, "sam,refined,v2")
    assert both.has_prediction_of("sam,refined")
    assert both.has_prediction_of("v2")
    assert not both.has_prediction_of("sam,ref")
    assert not both.has_prediction_of("v")
