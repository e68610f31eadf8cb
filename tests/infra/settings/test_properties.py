"""Any good config loads; of any bad one every bad key is named, all at once."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from infra.settings.fields import CONFIG_FIELDS
from infra.settings.findings import SettingsError
from infra.settings.load import load
from tests.infra.settings import configs

# A good value of these is refused beside another key's value, here beside its default.
ACCUSED_BY_OTHERS = {
    "zone",
    "machineType",
    "tls",
    "domain",
    "acmeEmail",
    "allowedRanges",
    "prebuilt",
    "maxRunHours",
    "bucketLocation",
}
KEYS = {to_camel(name): name for name in CONFIG_FIELDS}


def test_there_are_bad_values_for_every_key() -> None:
    assert configs.BAD.keys() == KEYS.keys()


@given(config=configs.GOOD)
def test_a_good_config_is_taken_as_it_is(config: dict[str, object]) -> None:
    loaded = load(config, project=configs.PROJECT, stack="dev")
    for key, value in config.items():
        taken = getattr(loaded, KEYS[key])
        if key == "adminPassword":
            taken = taken.get_secret_value()
        assert taken == (tuple(value) if isinstance(value, list) else value)
    assert loaded.machine.machine_type
    assert loaded.instance_schedule is None or loaded.instance_schedule.start


@given(good=configs.GOOD, bad=configs.bad_values(), unknown=st.sets(st.text("xyz", min_size=9)))
def test_every_bad_key_is_named_at_once(
    good: dict[str, object], bad: dict[str, object], unknown: set[str]
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(good | bad | dict.fromkeys(unknown, "value"), project=configs.PROJECT, stack="dev")
    named = {finding.key for finding in refused.value.findings}
    assert named >= bad.keys() | unknown
    assert named - bad.keys() - unknown <= ACCUSED_BY_OTHERS
    assert all(finding.message and finding.remedy for finding in refused.value.findings)
    assert str(refused.value).count("\n") == len(refused.value.findings)


@given(
    good=configs.GOOD,
    bad=configs.bad_values(),
    password=st.one_of(configs.PASSWORDS, st.text("Zq#9", min_size=5, max_size=7)),
    misspelt=st.sampled_from(["adminPasword", "admin-password", "ADMINPASSWORD", "zzz"]),
)
def test_no_message_says_a_password(
    good: dict[str, object], bad: dict[str, object], password: str, misspelt: str
) -> None:
    # A message may say the value of another key, and that may hold the same five digits.
    assume(not any(password in str(value) for value in (good | bad).values()))
    config = good | bad | {"adminPassword": password, misspelt: password}
    with pytest.raises(SettingsError) as refused:
        load(config, project=configs.PROJECT, stack="dev")
    assert password not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
