"""What a session reads from `studio apply`."""

from laptop.session import read_outcome


def test_the_outcome_is_the_json_line_whatever_is_printed_around_it() -> None:
    output = (
        "importing images: 17\n"
        "done: http://frontend.models:8080/projects/7/data\n"
        '{"project": 7, "changed": true, "without_prediction": ["snapshot-rocket.jpg"]}\n'
        "a warning of the interpreter at its end\n"
    )
    said, project = read_outcome(output)
    assert project == 7
    assert said == "importing images: 17\na warning of the interpreter at its end"
