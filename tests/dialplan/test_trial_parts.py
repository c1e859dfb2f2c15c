"""The pure parts of trials: SIP messages, a scratch site, AMI's events as a story, Asterisk's words as findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr import settings
from ivr.dialplan import source
from ivr.dialplan.said import findings
from ivr.dialplan.scratch import Loaded
from ivr.dialplan.scratch_site import Plan, scratch_site
from ivr.dialplan.trial_sip import Dialog, answer, authorization, parse, sdp, uri_of, voice_of
from ivr.dialplan.trial_watch import Watch

ROOT = Path(__file__).parents[2]
FILE = Path("/city/site.conf")


def dialplan(text: str) -> source.Dialplan:
    return source.read([FILE], {FILE: text}.get)


def test_given_an_invite_when_it_is_sent_and_read_then_nothing_is_lost() -> None:
    dialog = Dialog("<sip:138@127.0.0.11>", "<sip:12345@127.0.0.1>", "sip:c@127.0.0.11:5070", "sip:12345@127.0.0.1")
    invite = dialog.request("INVITE", "127.0.0.11:5070", sdp("127.0.0.11", 4000))
    read = parse(invite.encode())
    assert read is not None
    assert (read.method, read.status, read.number, read.body) == ("INVITE", 0, 1, invite.body)
    assert read.tag("from") == dialog.tag
    assert voice_of(read.body) == ("127.0.0.11", 4000)
    reply = parse(answer(read, "200 OK", "sip:x@127.0.0.1", "theirs").encode())
    assert reply is not None
    assert (reply.status, reply.method, reply.tag("to"), uri_of(reply.get("contact"))) == (
        200,
        "INVITE",
        "theirs",
        "sip:x@127.0.0.1",
    )
    assert parse(b"\r\n\r\n") is None


def test_given_a_challenge_without_qop_when_it_is_answered_then_the_digest_is_right() -> None:
    challenge = parse(
        b"SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\n"
        b'WWW-Authenticate: Digest realm="r", nonce="n", opaque="o"\r\n\r\n'
    )
    assert challenge is not None
    told = authorization(challenge, "1001", "secret", "sip:127.0.0.1")
    # md5(md5("1001:r:secret") ":n:" md5("REGISTER:sip:127.0.0.1")), by md5sum(1)
    assert 'response="c2529842595e84730187564037372be0"' in told
    assert 'opaque="o"' in told


def test_given_a_site_when_it_is_moved_into_a_scratch_then_every_address_is_loopback_and_its_own(
    tmp_path: Path,
) -> None:
    site = settings.load(ROOT / "hotline.toml", tmp_path)
    plan = Plan.from_json(Plan.free(site, tmp_path).as_json())
    moved = scratch_site(site, plan)
    routes = moved.targets["110"].routes
    used = {
        moved.listen.sip.host,
        *moved.trunks["public"].match,
        *(route.split("@")[1].split(":")[0] for route in routes),
    }
    assert len(used) == 4
    assert all(host.startswith("127.") for host in used)
    assert used.isdisjoint({"127.0.0.11", "127.0.0.110", "127.0.0.112"})
    assert (moved.listen.sip.port, moved.listen.ami.port) != (site.listen.sip.port, site.listen.ami.port)
    assert moved.hotline == site.hotline


LOG = "[2026-11-27 02:22:50.095983] {level}[24657] {said}"


@pytest.mark.parametrize(
    ("level", "said", "line"),
    [
        ("WARNING", f"pbx_config.c: No closing parenthesis found? 'NoOp(x' at line 2 of {FILE}", 2),
        ("WARNING", f"config.c: parse error: no closing ']', line 3 of {FILE}", 3),
        ("WARNING", f"config.c: No '=' (equal sign) in line 3 of {FILE}", 3),
        ("WARNING", "pbx.c: Context 'site-a' tries to include nonexistent context 'site-missing'", 3),
        ("WARNING", "pbx.c: Extension 's' priority 1 in 'site-a', label 'l' already in use at priority 1", 2),
        ("ERROR", "config.c: The file 'x.conf' was listed as a #include but it does not exist.", 1),
    ],
)
def test_given_a_line_of_asterisks_log_when_it_is_mapped_then_file_and_line_are_found(
    level: str, said: str, line: int
) -> None:
    read = dialplan("[site-a]\nexten => s,1,NoOp()\ninclude => site-missing\n")
    (one,) = findings(Loaded((LOG.format(level=level, said=said),), True), read)
    assert (one.file, one.line, one.code) == (FILE, line, "asterisk-says")


def test_given_lines_that_are_no_complaint_when_they_are_mapped_then_only_a_refusal_is_told() -> None:
    lines = (
        LOG.format(level="VERBOSE", said="pbx_variables.c: Setting global variable 'A' to '1'"),
        LOG.format(
            level="WARNING", said="pbx.c: Unable to register extension 's' priority 2 in 'site-a', already in use"
        ),
    )
    assert list(findings(Loaded(lines, True), dialplan("[site-a]\n"))) == []
    (refused,) = findings(Loaded(lines, False), dialplan("[site-a]\n"))
    assert refused.code == "asterisk-refuses"


def test_given_amis_events_when_they_are_watched_then_they_make_the_callers_story() -> None:
    text = "[entry-public]\nexten => 12345,1,Gosub(site-a,s,1)\n same => n,Queue(q-general)\n"
    text += "[site-a]\nexten => s,1,Read(K,menu)\n"
    watch = Watch(dialplan(text), lambda language, prompt: f"{language} {prompt}", "trunk-public")
    caller = "PJSIP/trunk-public-00000001"

    def say(event: str, at: float, channel: str = caller, **more: str) -> None:
        watch.hear({"Event": event, "Timestamp": str(at), "Channel": channel, "Uniqueid": "m-1.1", **more}, at - 100)

    def run(at: float, context: str, exten: str, priority: int, application: str, data: str = "") -> None:
        place = {"Context": context, "Extension": exten, "Priority": str(priority)}
        say("Newexten", at, **place, Application=application, AppData=data)

    say("Newchannel", 1000.0)
    run(1000.1, "entry-public", "12345", 1, "Gosub", "site-a,s,1")
    run(1000.1, "site-a", "s", 0, "Gosub", "site-a,s,1")  # on its way
    run(1000.2, "site-a", "s", 1, "Read", "K,menu")
    assert watch.listens
    run(1000.3, "entry-public", "12345", 1, "Return")  # on its way back
    say("VarSet", 1000.3, Variable="K", Value="1")
    say("VarSet", 1000.3, Variable="K", Value="1")
    run(1000.4, "entry-public", "12345", 2, "Queue", "q-general,ci")
    assert (watch.waits_in, watch.stands()) == ("q-general", "queue q-general")
    say("Newchannel", 1000.5, "PJSIP/1001-00000002")
    assert not watch.calm
    say("BridgeEnter", 1000.6, BridgeUniqueid="b")
    say("BridgeEnter", 1000.6, "PJSIP/1001-00000002", BridgeUniqueid="b")
    assert (watch.company, watch.calm, watch.stands()) == (("operator 1001",), True, "operator 1001")
    watch.read_log(
        [f"[1970-01-01 00:16:40.190000] VERBOSE[1][C-1] file.c: <{caller}> Playing 'menu.slin' (language 'zh')"]
    )
    story = watch.in_order()
    assert [(one.kind, one.what) for one in story if one.leg == "caller"] == [
        ("step", "entry-public,12345,1"),
        ("step", "site-a,s,1"),
        ("hears", "menu"),
        ("set", "K"),
        ("step", "entry-public,12345,2"),
        ("talk", "operator 1001"),
    ]
    assert [one.where.line for one in story if one.where] == [2, 5, 3]
    assert [place for _, place in watch.reached()] == ["queue q-general", "operator 1001"]
