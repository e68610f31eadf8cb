"""The benchmark's rows and table."""

from benchmarks.report import result, table


def test_a_row_says_whether_its_target_is_met():
    assert result("box", "net", [0.9, 0.84], target=0.85).verdict == ">= 0.85 met"
    assert result("box", "net", [0.9, 0.7], target=0.85).verdict == ">= 0.85 NOT met"
    assert result("box", "net", [0.9]).verdict == ""


def test_the_table_shows_mean_median_and_share():
    lines = table([result("box", "net", [1.0, 0.5, 0.6], milliseconds=12.4)]).splitlines()
    assert lines[0].split() == ["task", "method", "n", "mean", "median", ">", ".85", "ms", "target"]
    assert lines[2].split() == ["box", "net", "3", "0.700", "0.600", "33%", "12"]
