"""Certificates and transports in the settings: what is wrong is told with its key before anything starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import doctor
from ivr.doctor import Finding
from ivr.settings import Address, SettingsError, Site, load, tls
from tests.pbx import sites
from tests.pbx.certificates import Authority

DOORS = {"sip_tls": "127.0.0.1:5061", "sip_mtls": "127.0.0.1:5062"}
Changed = Callable[..., Path]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site_file(tmp_path: Path, authority: Authority) -> Changed:
    """A site with both doors whose files lie beside it; `changes` are laid over it."""
    certificate, key = authority.signs("hotline", "127.0.0.1")
    for source, name in ((certificate, "hotline.pem"), (key, "hotline.key"), (authority.ca, "ca.pem")):
        shutil.copy(source, tmp_path / name)

    def changed(**changes: sites.Table) -> Path:
        given = {"certificate": "hotline.pem", "key": "hotline.key", "ca": "ca.pem"}
        tables = sites.site({"listen": DOORS, "tls": {**given, **changes.pop("tls", {})}, **changes})
        tables["tls"] = {name: value for name, value in tables["tls"].items() if value is not None}
        path = tmp_path / "hotline.toml"
        path.write_text(sites.to_toml(tables), encoding="utf-8")
        return path

    return changed


def problems(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(path, path.parent / "var")
    found = refused.value.details["problems"]
    assert isinstance(found, list)
    return found


def test_given_good_files_then_the_site_loads_with_their_whole_paths(site_file: Changed, tmp_path: Path) -> None:
    site = load(site_file(trunks={"public": {"transport": "mtls", "srtp": True}}), tmp_path / "var")
    assert site.listen.sip_door("mtls") == Address("127.0.0.1", 5062)
    assert site.tls is not None
    assert (site.tls.certificate, site.tls.ca) == (str(tmp_path / "hotline.pem"), str(tmp_path / "ca.pem"))
    assert site.web_url.startswith("http://127.0.0.1:")


def test_given_a_target_by_tls_then_its_routes_are_dialled_by_tls(site_file: Changed, tmp_path: Path) -> None:
    site = load(site_file(targets={"110": {"transport": "tls"}}), tmp_path / "var")
    assert [uri.partition(";")[2] for uri in site.targets["110"].uris] == ["transport=tls"] * 2
    assert site.targets["119"].uris == site.targets["119"].routes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tls": {"certificate": "none.pem"}}, "tls.certificate: {folder}/none.pem cannot be read (No such file or"),
        ({"tls": {"key": "hotline.pem"}}, "tls.key: {folder}/hotline.pem is no PEM file with a private key in it"),
        ({"tls": {"ca": "hotline.key"}}, "tls.ca: {folder}/hotline.key is no PEM file with a certificate in it"),
        ({"tls": {"key": "a;b.key"}}, "tls.key: expected a path without ;"),
        ({"tls": {"kee": "x"}}, "tls.kee: unknown key; did you mean key?"),
        ({"tls": {"ca": None}}, "listen.sip_mtls: needs tls.ca"),
        ({"listen": {}}, "tls: nothing uses it; give listen.sip_tls"),
        ({"listen": {**DOORS, "sip_mtls": "127.0.0.1:5061"}}, "listen.sip_mtls: port 5061 is that of listen.sip_tls"),
        ({"listen": {"sip_tls": "127.0.0.1:20000"}}, "listen.sip_tls: port 20000 lies in listen.rtp"),
        ({"listen": {"sip_tls": "localhost:5061"}}, "listen.sip_tls: expected an IP address to bind to"),
        ({"trunks": {"public": {"transport": "tcp"}}}, "trunks.public.transport: expected one of udp, tls, mtls"),
        ({"trunks": {"public": {"srtp": True}}}, 'trunks.public.srtp: needs transport = "tls" or "mtls"'),
        (
            {"listen": {"sip_tls": DOORS["sip_tls"]}, "trunks": {"public": {"transport": "mtls"}}},
            "trunks.public.transport: mtls needs listen.sip_mtls",
        ),
        (
            {"listen": {"sip_tls": DOORS["sip_tls"]}, "tls": {"ca": None}, "targets": {"110": {"transport": "tls"}}},
            "targets.110.transport: needs tls.ca, or anybody could answer in its place",
        ),
        ({"targets": {"gas": {"routes": ["sips:gas@127.0.0.1"]}}}, "targets.gas: expected sip: and transport"),
    ],
)
def test_given_what_cannot_be_then_its_key_is_told(
    site_file: Changed, tmp_path: Path, changes: dict[str, sites.Table], told: str
) -> None:
    wanted = told.replace("{folder}", str(tmp_path))
    found = problems(site_file(**changes))
    assert any(problem.startswith(wanted) for problem in found), found


def test_given_doors_without_certificates_then_the_table_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(sites.to_toml(sites.site({"listen": DOORS})), encoding="utf-8")
    assert "listen.sip_tls: needs [tls] with certificate and key" in problems(path)


def test_given_another_certificates_key_then_the_two_are_told_apart(
    site_file: Changed, tmp_path: Path, authority: Authority
) -> None:
    path = site_file()
    _, key = authority.signs("another", "127.0.0.1")
    shutil.copy(key, tmp_path / "hotline.key")
    told = f"tls.key: {tmp_path}/hotline.key does not belong to the certificate {tmp_path}/hotline.pem"
    assert problems(path) == [told]


def test_given_a_key_behind_a_password_then_it_is_refused_and_nobody_is_asked(
    site_file: Changed, tmp_path: Path
) -> None:
    path = site_file()
    (tmp_path / "hotline.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", encoding="utf-8")
    assert "is encrypted" in problems(path)[0]


def test_given_a_file_that_is_damaged_then_it_is_told(site_file: Changed, tmp_path: Path) -> None:
    path = site_file()
    (tmp_path / "hotline.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert "tls.certificate" in problems(path)[0]


def test_given_a_folder_in_a_files_place_then_it_is_told(site_file: Changed, tmp_path: Path) -> None:
    path = site_file()
    (tmp_path / "hotline.key").unlink()
    (tmp_path / "hotline.key").mkdir()
    assert "tls.key" in problems(path)[0]


def told_by_doctor(site: Site) -> dict[str, Finding]:
    return {finding.id: finding for finding in doctor.certificate(site)}


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(300.5, "ok", "holds until"), (12.5, "warning", "runs out in 12 days"), (-3, "warning", "ran out on")],
)
def test_given_a_certificate_when_the_doctor_looks_then_its_end_is_told_in_time(
    site_file: Changed, tmp_path: Path, authority: Authority, days: float, level: str, words: str
) -> None:
    """Even one that has run out lets the hotline start: its plain doors serve, and the peers judge it themselves."""
    certificate, key = authority.signs("dated", "127.0.0.1", days=days)
    site = load(site_file(tls={"certificate": str(certificate), "key": str(key)}), tmp_path / "var")
    found = told_by_doctor(site)["certificate"]
    assert (found.level, words in found.words["en"]) == (level, True), found
    assert site.tls is not None
    _, ends = tls.validity(site.tls)
    assert abs(ends - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=2)


def test_given_a_key_that_others_can_read_when_the_doctor_looks_then_it_is_told(
    site_file: Changed, tmp_path: Path
) -> None:
    site = load(site_file(), tmp_path / "var")
    (tmp_path / "hotline.key").chmod(0o644)
    assert told_by_doctor(site)["private-key"].mend == {
        "zh": f"chmod 600 {tmp_path}/hotline.key",
        "en": f"chmod 600 {tmp_path}/hotline.key",
    }
    (tmp_path / "hotline.key").chmod(0o600)
    assert "private-key" not in told_by_doctor(site)
