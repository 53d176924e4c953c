"""Addresses and logins; nothing secret is ever said."""

from __future__ import annotations

import pytest

from oakum.model.errors import CallerError, MachineError
from oakum.redis_family.access import find_access

SECRET = "s3cret/of:mine"


def test_an_address_names_its_parts():
    told = find_access("redis://ann:s3cret%2Fof%3Amine@db.shop:6380/3", {})
    assert (told.host, told.port, told.database, told.user, told.password) == ("db.shop", 6380, 3, "ann", SECRET)
    assert told.tls is None
    assert told.place == "redis://db.shop:6380/3"
    assert told.client == "redis-cli -h db.shop -p 6380 --user ann"


def test_a_name_that_is_odd_is_made_fit_for_a_shell():
    assert find_access("redis://a;id@h", {}).client == "redis-cli -h h -p 6379 --user 'a;id'"
    assert find_access("redis://a%40b@h", {}).client.endswith("--user a@b")
    assert find_access("redis://h;id", {}).client == "redis-cli -h 'h;id' -p 6379"


def test_what_is_not_named_is_as_redis_has_it():
    told = find_access("valkey://db", {"REDISCLI_AUTH": SECRET})
    assert (told.port, told.database, told.user, told.password) == (6379, None, "", SECRET)
    assert find_access("redis://[::1]", {}).address == "[::1]:6379"


def test_a_password_is_read_from_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    told = find_access("redis://db", {"OAKUM_REDIS_PASSWORD_FILE": str(file), "REDISCLI_AUTH": "other"})
    assert told.password == SECRET
    assert SECRET not in repr(told)
    with pytest.raises(MachineError, match="cannot read"):
        find_access("redis://db", {"OAKUM_REDIS_PASSWORD_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    "url", ["redis://", "redis://a:x/y", "redis://h:99999", "redis://h/-1", f"redis://u:{SECRET}@h"]
)
def test_what_is_no_address_is_said_without_its_text(url):
    with pytest.raises(CallerError) as caught:
        find_access(url, {})
    assert SECRET not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_tls_checks_who_answers(tmp_path):
    told = find_access("rediss://db", {})
    assert told.tls is not None
    assert told.tls.check_hostname
    assert told.client.endswith("--tls")
    with pytest.raises(CallerError, match="come together"):
        find_access("rediss://db", {"OAKUM_REDIS_KEY_FILE": "k"})
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(MachineError, match="OAKUM_REDIS_AUTHORITY_FILE"):
        find_access("rediss://db", {"OAKUM_REDIS_AUTHORITY_FILE": str(tmp_path / "ca.pem")})
