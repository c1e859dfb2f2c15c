"""Packages without root: the machine's own mirror is found however it is written, and what is made is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.pbx import debian, fetch
from ivr.pbx.debian import Distribution, PackageError, Source

KEYRING = "/usr/share/keyrings/archive-keyring.gpg"


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_one_line_sources_are_read_with_their_options(tmp_path: Path) -> None:
    apt = written(
        tmp_path,
        {
            "sources.list": f"""
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by={KEYRING}] http://mirror.example/debian bookworm main contrib  # ours
deb-src http://mirror.example/debian bookworm main
"""
        },
    )
    signed = {"Signed-By": KEYRING}
    assert debian.own_sources(apt) == (
        Source(("http://mirror.example/debian",), ("bookworm",), ("main", "contrib"), signed),
    )


def test_deb822_sources_are_read_with_a_key_that_stands_in_them(tmp_path: Path) -> None:
    apt = written(
        tmp_path,
        {
            "sources.list.d/debian.sources": """Types: deb deb-src
# the mirror of our machine room
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL0BUBEADmW5Ndrxr0

Types: deb
URIs: http://other.example/debian
Suites: trixie
Components: main
Enabled: no
""",
            "sources.list.d/notes.txt": "deb http://no.example/debian trixie main",
        },
    )
    (source,) = debian.own_sources(apt)
    assert source.suites == ("trixie", "trixie-updates")
    assert "\n mQINBGPL0BUBEADmW5Ndrxr0" in source.stanza()


def test_the_distributions_own_archive_comes_before_others_that_offer_main() -> None:
    sources = [
        Source(("http://vendor.example/apt",), ("bookworm",), ("main",)),
        Source(("http://mirror.example/debian-security",), ("bookworm-security",), ("main",)),
        Source(("http://docker.example/linux/debian",), ("bookworm",), ("stable",)),
        Source(("http://mirror.example/debian",), ("bookworm", "bookworm-updates"), ("main",)),
    ]
    found = [source.uris[0] for source in debian.archives(sources, "debian", "bookworm")]
    assert found == ["http://mirror.example/debian", "http://vendor.example/apt"]


def test_another_suite_of_the_same_archive_keeps_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_output", lambda *_: "arm64\n")
    ours = Source(("http://mirror.example/ubuntu-ports/",), ("jammy",), ("main",), {"Signed-By": KEYRING})
    assert debian.at_suite(ours, "noble", ("main", "universe")).stanza() == (
        "Types: deb\nURIs: http://mirror.example/ubuntu-ports/\nSuites: noble\nComponents: main universe\n"
        f"Signed-By: {KEYRING}\nArchitectures: arm64\nCheck-Valid-Until: no\n"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', ("debian", "bookworm", "12")),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n', ("ubuntu", "noble", "24.04")),
        ('ID=mint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=xia\nUBUNTU_CODENAME=noble\n', ("ubuntu", "noble", "")),
        ("ID=fedora\n", ("", "", "")),
    ],
)
def test_the_family_of_the_machine_is_known(tmp_path: Path, text: str, found: tuple[str, str, str]) -> None:
    (tmp_path / "os-release").write_text(text)
    assert debian.distribution(tmp_path / "os-release") == Distribution(*found)


def test_given_a_mirror_that_does_not_answer_then_apts_words_are_told_and_nothing_is_left(tmp_path: Path) -> None:
    nowhere = Source((f"file:{tmp_path}/none",), ("forky",), ("main",))
    with pytest.raises(PackageError, match="apt-get update failed: E: "):
        debian.fetch(["asterisk"], tmp_path / "tools/asterisk", nowhere, say=lambda _: None)
    assert [path.name for path in (tmp_path / "tools").iterdir()] == []


def test_what_an_interrupted_fetch_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".asterisk.new-abc/cache").mkdir(parents=True)
    nowhere = Source((f"file:{tmp_path}/none",), ("forky",), ("main",))
    with pytest.raises(PackageError):
        debian.fetch(["asterisk"], tmp_path / "asterisk", nowhere, say=lambda _: None)
    assert list(tmp_path.glob(".asterisk.new-*")) == []


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", (20, 6, 0)),
        ("Asterisk certified/20.7-cert2", (20, 7)),
        ("Asterisk GIT-master-1234567", (1234567,)),
        ("no such thing", ()),
    ],
)
def test_the_version_is_read_from_what_asterisk_says(said: str, version: tuple[int, ...]) -> None:
    assert fetch.parse_version(said) == version


def test_given_a_folder_that_is_not_whole_then_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "on_path", lambda: None)
    (tmp_path / "asterisk/usr").mkdir(parents=True)
    with pytest.raises(fetch.AsteriskError, match="remove that folder and start again"):
        fetch.find(tmp_path)


def test_given_no_asterisk_and_no_leave_to_fetch_then_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "on_path", lambda: None)
    with pytest.raises(fetch.AsteriskError, match=r"none in .*asterisk; `ivr up` fetches one"):
        fetch.find(tmp_path, fetch=False)


def test_an_asterisk_on_path_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("old", "18.10.0"), ("new", "22.1.0")):
        prefix = tmp_path / name
        modules = prefix / "lib/asterisk/modules"
        modules.mkdir(parents=True)
        for module in fetch.NEEDED:
            (modules / f"{module}.so").touch()
        (prefix / "share/asterisk/documentation").mkdir(parents=True)
        (prefix / "sbin").mkdir()
        (prefix / "sbin/asterisk").write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
        (prefix / "sbin/asterisk").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/old/sbin:/usr/bin:/bin")
    assert fetch.on_path() is None
    monkeypatch.setenv("PATH", f"{tmp_path}/new/sbin:/usr/bin:/bin")
    found = fetch.on_path()
    assert found is not None
    assert (found.version, found.command) == ((22, 1, 0), (f"{tmp_path}/new/sbin/asterisk",))
    (tmp_path / "new/lib/asterisk/modules/app_queue.so").unlink()
    assert fetch.on_path() is None


def test_the_english_sounds_get_a_link_that_leads_somewhere(tmp_path: Path) -> None:
    sounds = tmp_path / "usr/share/asterisk/sounds"
    (sounds / "en_US_f_Allison").mkdir(parents=True)
    (sounds / "en").symlink_to("/etc/alternatives/asterisk-prompt-en")
    fetch._mend(tmp_path)
    assert (sounds / "en").resolve() == sounds / "en_US_f_Allison"
