"""Changed settings and a running Asterisk: what it is told, what waits for its next start, what is put back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import trustme

from ivr import apply, system
from ivr.apply import ApplyError, with_the_gone
from ivr.credentials import ensure
from ivr.pbx import fetch, state
from ivr.pbx.fetch import Installation
from ivr.pbx.manager import AmiDownError
from ivr.pbx.render import TEMPLATES
from ivr.settings import Site, held, load

SANDBOX = (Path(__file__).parents[2] / "hotline.toml").read_text(encoding="utf-8")
NINTH = '\n[[operators]]\nnumber = "1009"\nname = "九号坐席"\nskills = ["night"]\n'


def site_of(folder: Path, text: str) -> Site:
    path = folder / "hotline.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, folder / "var")


class Asterisk:
    """Notes the commands, has the parties of its pjsip.conf and the members that it was told; may refuse a reload."""

    def __init__(self, var: Path, refuses: str = "") -> None:
        self.var, self.refuses = var, refuses
        self.commands: list[str] = []
        self.members: set[tuple[str, str]] = {("q-general", "PJSIP/1001"), ("q-general", "PJSIP/7777")}

    async def action(self, headers: Mapping[str, str | Sequence[str]], timeout: float = 3.0) -> list[dict[str, str]]:  # noqa: ASYNC109
        match headers:
            case {"Action": "Command", "Command": str(command)}:
                self.commands.append(command)
                refused = bool(self.refuses) and self.refuses in command and self.commands.count(command) == 1
                return [{"Response": "Success", "Output": "Reload failed" if refused else "reloaded"}]
            case {"Action": "PJSIPShowEndpoints"}:
                return [{"Event": "EndpointList", "ObjectName": name} for name in self._parties()]
            case {"Action": "QueueStatus"}:
                return [{"Event": "QueueMember", "Queue": queue, "Location": who} for queue, who in self.members]
            case {"Action": "QueueAdd", "Queue": str(queue), "Interface": str(who)}:
                self.members.add((queue, who))
            case {"Action": "QueueRemove", "Queue": str(queue), "Interface": str(who)}:
                self.members.discard((queue, who))
        return [{"Response": "Success"}]

    def _parties(self) -> Iterator[str]:
        text = (self.var / "etc/pjsip.conf").read_text(encoding="utf-8")
        return (line[1:].partition("]")[0] for line in text.splitlines() if line.startswith("["))


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """What a start leaves behind: the rendered files, and what they were rendered from."""
    fake = Installation(("/usr/sbin/asterisk",), tmp_path, tmp_path, (22, 10, 1), frozenset({"res_pjsip"}))
    monkeypatch.setattr(fetch, "find", lambda **_: fake)
    monkeypatch.setattr("ivr.pbx.prompts.ensure", lambda *_: 0)
    monkeypatch.setattr("ivr.processes.launch", lambda *_: None)
    site = site_of(tmp_path, SANDBOX)
    var = tmp_path / "var"
    (var / "journal").mkdir(parents=True)
    system.System(site, var, fake, ensure(var, site)[0]).start_asterisk()
    return site


async def test_given_operators_and_targets_changed_when_applied_then_only_what_changed_is_read_again(
    started: Site, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    asterisk = Asterisk(var)
    text = SANDBOX.replace('web = "127.0.0.1:8080"', 'web = "127.0.0.1:8081"') + NINTH
    site = site_of(tmp_path, text)
    assert apply.pending(site, var) == (False, ("listen.web",))
    done = await apply.apply(site, var, asterisk)
    assert set(done.files) == {"pjsip.conf", "queues.conf"}
    assert asterisk.commands == ["module reload res_pjsip.so", "queue reload all"]
    assert done.waiting == ("listen.web",)
    assert {queue for queue, who in asterisk.members if who == "PJSIP/1009"} == {"q-night"}
    assert not any(who == "PJSIP/7777" for _, who in asterisk.members), "nobody's phone is in a queue"
    assert "[1009]" in (var / "etc/pjsip.conf").read_text(encoding="utf-8")
    assert apply.pending(site, var) == (True, ("listen.web",))
    assert system.in_force(site, var).listen.web.port == 8080, "Asterisk's start holds, for Python too"
    assert system.in_force(site, var).operators.keys() == site.operators.keys()


async def test_given_asterisk_refuses_a_reload_when_applied_then_all_is_put_back_and_it_is_told(
    started: Site, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    before = {path.name: path.read_bytes() for path in (var / "etc").glob("*.conf")}
    asterisk = Asterisk(var, refuses="queue reload")
    site = site_of(tmp_path, SANDBOX + NINTH)
    with pytest.raises(ApplyError) as refused:
        await apply.apply(site, var, asterisk)
    assert (refused.value.id, refused.value.status) == ("not_applied", 502)
    assert {path.name: path.read_bytes() for path in (var / "etc").glob("*.conf")} == before
    assert asterisk.commands[-2:] == ["module reload res_pjsip.so", "queue reload all"], "read again as they were"
    assert apply.pending(site, var) == (False, ())


async def test_given_a_change_that_needs_what_waits_when_applied_then_nothing_is_changed(
    started: Site, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("hotline.example").private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    (tmp_path / "own.pem").chmod(0o600)
    secure = SANDBOX.replace('rtp = "10000-10999"', 'rtp = "10000-10999"\nsip_tls = "127.0.0.1:5061"').replace(
        'contact = "sip:127.0.0.11:5060"', 'contact = "sip:127.0.0.11:5061"\ntransport = "tls"'
    )
    site = site_of(tmp_path, secure + '\n[tls]\ncertificate = "own.pem"\nkey = "own.pem"\nca = "ca.pem"\n')
    asterisk = Asterisk(tmp_path / "var")
    with pytest.raises(ApplyError) as refused:
        await apply.apply(site, tmp_path / "var", asterisk)
    assert (refused.value.id, refused.value.status) == ("needs_restart", 409)
    assert asterisk.commands == []


async def test_given_a_target_that_the_dialplan_names_when_it_is_taken_out_then_it_is_refused_with_the_place(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def runs(*_: object) -> None:
        """Asterisk has the version that it was given."""

    own = tmp_path / "dialplans/site"
    own.mkdir(parents=True)
    hook = "[site-key-5]\n; Set(GO_TO_TARGET=120) is no more\nexten => s,1,Set(GO_TO_TARGET=gas)\n same => n,Return()\n"
    (own / "hooks.conf").write_text(hook, encoding="utf-8")
    request.getfixturevalue("started")
    monkeypatch.setattr("ivr.dialplan.held.verify", runs)
    var, asterisk = tmp_path / "var", Asterisk(tmp_path / "var")
    gas = '\n[targets.gas]\nname = { zh = "燃气", en = "Gas" }\nroutes = ["sip:gas@127.0.0.12:5060"]\n'
    await apply.apply(site_of(tmp_path, SANDBOX + gas + gas.replace("gas", "120")), var, asterisk)
    asterisk.commands.clear()
    with pytest.raises(ApplyError, match=r"gas \(hooks\.conf:3\)") as refused:
        await apply.apply(site_of(tmp_path, SANDBOX), var, asterisk)
    assert (refused.value.id, refused.value.status, asterisk.commands) == ("target_in_use", 409, [])
    await apply.apply(site_of(tmp_path, SANDBOX + gas), var, asterisk)
    assert "dialplan reload" in asterisk.commands


async def test_given_no_asterisk_when_applied_then_its_next_start_reads_the_file(started: Site, tmp_path: Path) -> None:
    done = await apply.apply(site_of(tmp_path, SANDBOX + NINTH), tmp_path / "var", None)
    assert not done.asterisk
    assert done.files == ()


def test_given_another_start_then_nothing_waits_and_the_file_is_in_force(started: Site, tmp_path: Path) -> None:
    var = tmp_path / "var"
    site = site_of(tmp_path, SANDBOX + NINTH)
    system.System(site, var, fetch.find(), ensure(var, site)[0]).start_asterisk()
    assert apply.pending(site, var) == (True, ())
    assert json.loads(state.path_in(var).read_text(encoding="utf-8"))["started_with"] == site.source


def test_given_the_file_is_edited_after_the_supervisor_has_read_it_when_asterisk_starts_again_then_it_is_not_in_force(
    started: Site, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    edited = site_of(tmp_path, SANDBOX + NINTH)
    system.System(started, var, fetch.find(), ensure(var, started)[0]).start_asterisk()
    assert apply.pending(edited, var) == (False, ())


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ('ami = "127.0.0.1:5038"', 'ami = "127.0.0.1:5039"', ("listen.ami",)),
        ('rtp = "10000-10999"', 'rtp = "10000-10899"', ("listen.rtp",)),
        ("{var}/ivr.db", "{var}/other.db", ("database.url",)),
        ('number = "12345"', 'number = "12345"\nnode = "east"', ("hotline.node",)),
        ("ring = 20", "ring = 21", ()),
    ],
)
def test_what_waits_for_the_next_start_is_named_as_the_file_names_it(
    tmp_path: Path, old: str, new: str, keys: tuple[str, ...]
) -> None:
    assert old in SANDBOX
    first, second = site_of(tmp_path, SANDBOX), site_of(tmp_path, SANDBOX.replace(old, new))
    assert held.waiting(second, first) == keys
    assert held.waiting(held.until_restart(second, first), first) == ()


def test_given_the_first_browser_phone_then_it_waits_for_what_it_needs(tmp_path: Path) -> None:
    without = site_of(tmp_path, SANDBOX.replace('transport = "wss"', 'transport = "udp"'))
    browsers = site_of(tmp_path, SANDBOX)
    assert held.waiting(browsers, without) == ('transport = "wss"',)
    assert held.waiting(without, browsers) == ()


def test_given_a_global_that_is_gone_then_it_is_said_to_be_empty_and_stays_so(tmp_path: Path) -> None:
    old = "[general]\nstatic = yes\n\n[globals]\nA = 1\nTARGET_gas = desk-gas\n\n[own-numbers]\nB = 2\n"
    new = "[general]\nstatic = yes\n\n[globals]\nA = 2\n\n[own-numbers]\n"
    once = with_the_gone(old, new)
    assert once == "[general]\nstatic = yes\n\n[globals]\nTARGET_gas =\nA = 2\n\n[own-numbers]\n"
    assert with_the_gone(once, new) == once
    assert with_the_gone(once, old) == old


def test_every_reload_is_of_a_file_that_is_rendered_and_none_is_of_the_manager() -> None:
    assert {f"{name}.j2" for name in apply.RELOADS} <= {path.name for path in TEMPLATES.glob("*.j2")}
    assert not any("manager" in command for command in apply.RELOADS.values())


async def test_given_ami_that_dies_while_settings_are_read_then_the_files_are_as_before_and_none_are_in_force(
    started: Site, tmp_path: Path
) -> None:
    class Dying(Asterisk):
        async def action(
            self,
            headers: Mapping[str, str | Sequence[str]],
            timeout: float = 3.0,  # noqa: ASYNC109
        ) -> list[dict[str, str]]:
            if "queue reload all" in (*self.commands, headers.get("Command")):
                raise AmiDownError("Command", "it has ended")
            return await super().action(headers, timeout)

    var = tmp_path / "var"
    before = {path.name: path.read_bytes() for path in (var / "etc").glob("*.conf")}
    changed = site_of(tmp_path, SANDBOX + NINTH)
    asterisk = Dying(var)
    with pytest.raises(ApplyError) as refused:
        await apply.apply(changed, var, asterisk)
    assert (refused.value.id, refused.value.status) == ("not_put_back", 502)
    assert {path.name: path.read_bytes() for path in (var / "etc").glob("*.conf")} == before
    assert not apply.pending(changed, var)[0]
    assert not apply.pending(site_of(tmp_path, SANDBOX), var)[0], "it may have read the new parties already"
    await apply.apply(load(tmp_path / "hotline.toml", var), var, Asterisk(var))
    assert apply.pending(load(tmp_path / "hotline.toml", var), var) == (True, ())


def test_given_a_state_of_a_newer_release_when_read_then_what_is_unknown_is_left_alone(
    started: Site, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    before = state.read(var)
    path = state.path_in(var)
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "mood": "new"}), encoding="utf-8")
    assert state.read(var) == before
