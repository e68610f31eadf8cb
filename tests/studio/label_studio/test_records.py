"""What is kept of Label Studio's answers."""

from studio.label_studio.records import Task


def test_a_version_with_a_comma_is_found_among_others() -> None:
    both = Task(1, {}, (), 0, 0, "sam,refined,v2")
    assert both.has_prediction_of("sam,refined")
    assert both.has_prediction_of("v2")
    assert not both.has_prediction_of("sam,ref")
    assert not both.has_prediction_of("v")


def test_why_an_image_cannot_be_used_is_read_from_the_models_version() -> None:
    reason = "more than the 100 megapixels allowed"
    refusal = f"v2 cannot: {reason}"
    for joined in (f"v1,sam,{refusal}", f"{refusal}, v1", f"v1, {refusal}"):
        refused = Task(1, {}, (), 0, 0, joined)
        assert refused.refusal_of("v2") == reason
        assert refused.refusal_of("v1") is None
        assert not refused.has_prediction_of("v2")
        assert not refused.has_prediction_of("2")


def test_a_version_behind_a_comma_and_a_space_is_found_as_postgresql_joins_them() -> None:
    assert Task(1, {}, (), 0, 0, "v1, v2").has_prediction_of("v2")
