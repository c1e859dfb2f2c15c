"""`ivr ca make`: pages over https by a certificate of one's own authority, and its renewal in time."""

from __future__ import annotations

import json
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from ivr import ca, cli, doctor
from ivr.ca import CaError
from ivr.settings import Tls, load, tls
from ivr.web.app import Server
from tests.web.house import HERE, House

HOSTS = ("localhost", "127.0.0.1", "hotline.test")
NOW = datetime.now(UTC)
SANDBOX = (Path(__file__).parents[2] / "hotline.toml").read_text(encoding="utf-8")
SECURE = '\n[tls]\ncertificate = "{var}/ca/server.pem"\nkey = "{var}/ca/server.key"\nweb = true\n'


def trusting(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 and browsers do
    return context


async def test_given_our_own_authority_when_a_machine_trusts_it_then_pages_come_by_https_and_no_other_name_passes(
    house: House, tmp_path: Path
) -> None:
    files = ca.make(tmp_path / "ca", "12345", HOSTS[:2], NOW).files
    other = ca.make(tmp_path / "other", "12345", HOSTS[:2], NOW).files
    server = Server(house.services, HERE, tls.server_context(Tls(str(files.certificate), str(files.key), web=True)))
    await server.start()
    try:
        async with aiohttp.ClientSession() as client:
            for host in ("localhost", "127.0.0.1"):
                async with client.get(f"https://{host}:{server.port}/login", ssl=trusting(files.authority)) as page:
                    assert (page.status, "<!doctype html>" in (await page.text()).lower()) == (200, True)
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await client.get(f"https://localhost:{server.port}/login", ssl=trusting(other.authority))
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                asked = client.get(
                    f"https://127.0.0.1:{server.port}/login",
                    ssl=trusting(files.authority),
                    server_hostname="hotline.test",
                )
                await asked
    finally:
        await server.stop()


def test_given_an_authority_when_certificates_are_made_then_it_stays_until_it_would_end_before_them(
    tmp_path: Path,
) -> None:
    first = ca.make(tmp_path, "12345", HOSTS, NOW)
    was = first.files.authority.read_bytes(), first.files.certificate.read_bytes()
    again = ca.make(tmp_path, "12345", HOSTS, NOW)
    assert (first.authority_is_new, again.authority_is_new) == (True, False)
    assert again.files.authority.read_bytes() == was[0]
    assert again.files.certificate.read_bytes() != was[1]
    assert again.fingerprint == first.fingerprint
    late = ca.make(tmp_path, "12345", HOSTS, NOW + timedelta(days=ca.AUTHORITY_DAYS - ca.SERVER_DAYS))
    assert late.authority_is_new
    assert late.ends < late.authority_ends


def test_given_what_was_made_then_nobody_else_reads_a_key(tmp_path: Path) -> None:
    files = ca.make(tmp_path / "ca", "12345", HOSTS, NOW).files
    for key in (files.key, files.authority_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    assert {file.suffix for file in files.folder.iterdir()} == {".pem", ".key"}


@pytest.mark.parametrize("host", ["", "two words", "https://hotline.test", "hotline..test", "*", "热线"])
def test_given_a_host_that_is_none_then_nothing_is_made(tmp_path: Path, host: str) -> None:
    with pytest.raises(CaError):
        ca.make(tmp_path / "ca", "12345", (host,), NOW)
    assert not (tmp_path / "ca").exists()


def test_given_an_authority_whose_key_is_away_or_foreign_then_no_other_takes_its_place(tmp_path: Path) -> None:
    files = ca.make(tmp_path / "ca", "12345", HOSTS, NOW).files
    was = files.authority.read_bytes()
    other = ca.make(tmp_path / "other", "12345", HOSTS, NOW).files
    files.authority_key.write_bytes(other.authority_key.read_bytes())
    with pytest.raises(CaError, match="is not the key of"):
        ca.make(files.folder, "12345", HOSTS, NOW)
    files.authority_key.unlink()
    with pytest.raises(CaError, match="bring it back"):
        ca.make(files.folder, "12345", HOSTS, NOW)
    assert files.authority.read_bytes() == was


def test_given_settings_that_name_the_certificate_before_it_is_made_then_the_command_makes_it_and_they_hold(
    tmp_path: Path,
) -> None:
    site, var = tmp_path / "hotline.toml", tmp_path / "var"
    site.write_text(SANDBOX + SECURE, encoding="utf-8")
    words = ["--site", str(site), "--var", str(var), "ca", "make", "--host", "hotline.test", "--json"]
    told = CliRunner().invoke(cli.app, words)
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["ca"]["hosts"] == ["hotline.test"]
    assert load(site, var).web_url.startswith("https://")
    for language, said in (("zh_CN.UTF-8", "已使用此证书"), ("en_US.UTF-8", "uses it already")):
        told = CliRunner().invoke(cli.app, words[:-1], env={"LANG": language, "LC_ALL": language})
        assert said in told.output


@pytest.mark.parametrize(("left", "level"), [(31, "ok"), (29, "warning"), (-1, "warning")])
def test_given_our_own_certificate_when_its_end_is_near_then_the_doctor_names_the_command(
    tmp_path: Path, left: int, level: str
) -> None:
    site, var = tmp_path / "hotline.toml", tmp_path / "var"
    site.write_text(SANDBOX + SECURE, encoding="utf-8")
    ca.make(var / "ca", "12345", HOSTS, datetime.now(UTC) - timedelta(days=ca.SERVER_DAYS - 1.5 - left))
    found = {finding.id: finding for finding in doctor.certificate(load(site, var))}
    assert (found["certificate"].level, found["authority"].level) == (level, "ok")
    assert level == "ok" or "ivr ca make" in (found["certificate"].mend or {})["en"]


def test_given_our_own_authority_when_its_end_is_near_then_the_doctor_says_that_a_new_one_must_be_trusted(
    tmp_path: Path,
) -> None:
    site, var = tmp_path / "hotline.toml", tmp_path / "var"
    site.write_text(SANDBOX + SECURE, encoding="utf-8")
    ca.make(var / "ca", "12345", HOSTS, datetime.now(UTC) - timedelta(days=ca.AUTHORITY_DAYS - 60))
    found = {finding.id: finding for finding in doctor.certificate(load(site, var))}
    assert (found["authority"].level, "trust" in (found["authority"].mend or {})["en"]) == ("warning", True)
