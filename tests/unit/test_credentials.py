"""Secrets are made once, kept, completed, and never readable by others."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ivr import credentials, webhooks
from ivr.credentials import CredentialsError
from ivr.settings import Operator, Site, load
from ivr.settings.telling import Sms, Webhook

SITE = load(Path(__file__).parents[2] / "hotline.toml", "var")


def with_operator(site: Site, number: str) -> Site:
    return replace(site, operators={**site.operators, number: Operator(number, "新坐席")})


def test_given_a_first_start_then_every_secret_is_made_in_the_contracts_shape(tmp_path: Path) -> None:
    made, is_new = credentials.ensure(tmp_path, SITE)
    path = credentials.path_in(tmp_path)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert is_new
    assert path.stat().st_mode & 0o777 == 0o600
    assert tables["operators"] == {number: made.operators[number] for number in ("1001", "1002")}
    assert tables["api"]["token"] == made.api_token
    assert tables["admin"] == {"user": "admin", "password": made.admin_password}
    assert [entry.name for entry in tmp_path.iterdir()] == ["credentials.toml"]


def test_no_two_systems_and_no_two_secrets_are_alike(tmp_path: Path) -> None:
    one, _ = credentials.ensure(tmp_path / "a", SITE)
    other, _ = credentials.ensure(tmp_path / "b", SITE)
    secrets = [
        secret
        for made in (one, other)
        for secret in (
            *made.operators.values(),
            *made.phone_keys.values(),
            *made.supervisors.values(),
            *made.passwords.values(),
            made.api_token,
            made.admin_password,
            made.ami_secret,
            made.ari_password,
        )
    ]
    assert len(set(secrets)) == len(secrets) == 24


def test_given_a_second_start_then_nothing_changes(tmp_path: Path) -> None:
    first, _ = credentials.ensure(tmp_path, SITE)
    before = credentials.path_in(tmp_path).stat()
    second, is_new = credentials.ensure(tmp_path, SITE)
    assert (second, is_new) == (first, False)
    assert credentials.path_in(tmp_path).stat().st_mtime_ns == before.st_mtime_ns
    assert credentials.load(tmp_path) == first


def test_given_a_new_operator_then_only_theirs_is_added(tmp_path: Path) -> None:
    first, _ = credentials.ensure(tmp_path, SITE)
    second, is_new = credentials.ensure(tmp_path, with_operator(SITE, "1002"))
    assert not is_new
    assert set(second.operators) == set(second.phone_keys) == {"1001", "1002"}
    assert second.operators["1001"] == first.operators["1001"]
    assert second.api_token == first.api_token


def test_a_file_that_others_can_read_is_closed_again(tmp_path: Path) -> None:
    credentials.ensure(tmp_path, SITE)
    credentials.path_in(tmp_path).chmod(0o644)
    credentials.ensure(tmp_path, SITE)
    assert credentials.path_in(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_persons_own_password_is_kept(tmp_path: Path) -> None:
    (tmp_path / "credentials.toml").write_text('[admin]\nuser = "li.wei"\npassword = "long-enough!"\n')
    made, _ = credentials.ensure(tmp_path, SITE)
    assert (made.admin_user, made.admin_password) == ("li.wei", "long-enough!")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[operators]\n1001 = "1234"\n', "[operators] 1001: expected 8 to 128"),
        ('[operators]\n1001 = "abc;defgh"\n', "[operators] 1001: expected 8 to 128"),
        ("[ami]\nsecret = 12345678\n", "[ami] secret: expected"),
        ("[api\n", "cannot be read"),
        ('[smtp]\npassword = "12345678"\n', "[smtp] is unknown"),
    ],
)
def test_given_a_value_that_cannot_be_used_then_it_is_named_and_not_shown(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "credentials.toml").write_text(text)
    with pytest.raises(CredentialsError) as caught:
        credentials.ensure(tmp_path, SITE)
    assert told in caught.value.message
    assert "abc;" not in caught.value.message


def test_the_repr_shows_no_secret(tmp_path: Path) -> None:
    made, _ = credentials.ensure(tmp_path, SITE)
    assert made.api_token not in repr(made)
    assert made.operators["1001"] not in repr(made)


def test_given_no_first_start_yet_then_reading_says_so(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="the first `ivr up` makes it"):
        credentials.load(tmp_path)


def test_given_somebody_who_is_told_of_cases_then_a_secret_is_made_and_two_may_hold_at_once(tmp_path: Path) -> None:
    told = {"webhooks": {"records": Webhook("records", "https://10.1.2.3")}, "sms": Sms("https://10.1.2.4")}
    site = replace(SITE, **told)  # type: ignore[arg-type]
    made, _ = credentials.ensure(tmp_path, site)
    (secret,) = made.webhook_secrets("records")
    assert secret != made.webhook_secrets("sms")[0]
    assert made.webhook_secrets("nobody") == ()
    path = credentials.path_in(tmp_path)
    new = webhooks.new_secret()
    path.write_text(path.read_text().replace(secret, f"{new},{secret}"))
    assert credentials.load(tmp_path).webhook_secrets("records") == (new, secret)
    path.write_text(path.read_text().replace(new, "whsec_short"))
    with pytest.raises(CredentialsError, match="24 to 64 bytes; a comma between two") as refused:
        credentials.load(tmp_path)
    assert secret not in str(refused.value)
