"""Numbers of subnets: each region its own."""

from infra.settings.regions import ZONES, subnet_number

# Google may open them; the table has none of them.
NEW = tuple(f"mars-north{number}" for number in range(1, 21))


def test_no_two_regions_of_the_table_share_a_subnet() -> None:
    numbers = [subnet_number(region) for region in ZONES]
    assert len(set(numbers)) == len(numbers)


def test_a_new_region_takes_none_that_is_taken_and_seldom_that_of_another_new_one() -> None:
    numbers = [subnet_number(region) for region in NEW]
    assert not set(numbers) & {subnet_number(region) for region in ZONES}
    assert len(set(numbers)) > len(NEW) / 2
    assert all(0 <= number < 256 for number in numbers)
