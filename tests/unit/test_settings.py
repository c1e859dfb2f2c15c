"""A site's settings: the contract's file loads as it stands; whatever is wrong is told with its key and a way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.settings import Address, SettingsError, load, texts

SANDBOX = Path(__file__).parents[2] / "hotline.toml"


def site_file(tmp_path: Path, *changes: tuple[str, str], more: str = "") -> Path:
    text = SANDBOX.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "hotline.toml"
    path.write_text(text + more, encoding="utf-8")
    return path


def problems(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(path, path.parent / "var")
    assert str(path) in caught.value.message
    return "\n".join(caught.value.details["problems"])  # type: ignore[arg-type]


def test_the_sandbox_site_loads_with_the_database_in_its_var(tmp_path: Path) -> None:
    site = load(SANDBOX, tmp_path)
    assert site.database_url == f"sqlite+aiosqlite:///{tmp_path}/ivr.db"
    assert site.listen.sip == Address("127.0.0.1", 5060)
    assert site.listen.rtp == (10000, 10999)
    assert site.targets["110"].endpoint == "desk-110"
    assert site.targets["110"].keys == {"transfer": "*1", "conference": "*3"}
    assert site.trunks["public"].match == ("127.0.0.11",)
    assert site.operators["1001"].skills == ("general",)


def test_optional_tables_are_read_by_their_types(tmp_path: Path) -> None:
    more = """
[queue]
target_seconds = 20
[hotline.menu]
prompt = "menu"
seconds = 3
keys = {1 = "general"}
"""
    site = load(site_file(tmp_path, more=more), tmp_path)
    assert site.queue.target_seconds == 20
    assert site.queue.ring == 10
    assert site.hotline.menu is not None
    assert site.hotline.menu.seconds == 3.0


def test_given_one_language_the_default_keys_of_the_others_are_dropped(tmp_path: Path) -> None:
    path = site_file(tmp_path, ('number = "12345"', 'number = "12345"\nlanguages = ["zh"]'))
    assert load(path, tmp_path).hotline.language_keys == {}


def test_every_wrong_key_is_told_at_once(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("ring = 20", 'rnig = "20"'), ('number = "12345"', "number = 12345"))
    told = problems(path)
    assert "targets.110.rnig: unknown key; did you mean ring?" in told
    assert "hotline.number: expected a text in quotes, found 12345" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('number = "12345"', 'nummer = "12345"', "hotline.number: is missing"),
        ('"127.0.0.1:5060"', '"127.0.0.1"', 'listen.sip: expected an address and port such as "127.0.0.1:5060"'),
        ('"127.0.0.1:5060"', '"127.0.0.1:70000"', "listen.sip: expected an address and port"),
        ('"127.0.0.1:5060"', '"localhost:5060"', "listen.sip: expected an IP address to bind to"),
        ('"127.0.0.1:5060"', '"127.0.0.1:10500"', "listen.sip: port 10500 lies in listen.rtp"),
        ('"10000-10999"', '"10999-10000"', "listen.rtp: expected a range"),
        ('"10000-10999"', '"10000"', 'listen.rtp: expected a range of ports such as "10000-10999"'),
        ('agi = "127.0.0.1:4573"', 'agi = "127.0.0.1:5038"', "listen.agi: 127.0.0.1:5038 is listen.ami already"),
        ("sqlite+aiosqlite", "mysql", "database.url: expected sqlite+aiosqlite"),
        ("ring = 20", "ring = 0", "targets.110.ring: expected 1 to 180, found 0"),
        ("ring = 20", "ring = true", "targets.110.ring: expected a whole number, found True"),
        ('"answer"', '"beep"', "targets.110.acknowledge: expected one of answer, key, found 'beep'"),
        ('conference = "*3"', 'conference = "*1"', "keys.conference: *1 is targets.110.keys.transfer already"),
        ('conference = "*3"', 'conference = "*11"', "(*1): one begins with the other"),
        ('conference = "*3"', 'conference = "*0"', "targets.110.keys.conference: *0 is keys.cancel already"),
        ('conference = "*3"', 'conference = "x"', "targets.110.keys.conference: expected telephone keys"),
        ('conference = "*3"', 'blind = "*3"', "targets.110.keys.blind: an emergency target is always supervised"),
        ('conference = "*3"', 'suspend = "*3"', "targets.110.keys.suspend: suspend needs a flow"),
        ('conference = "*3"', 'confer = "*3"', "targets.110.keys.confer: expected one of transfer, conference"),
        ('pull_in = "*8"', 'pull_in = "*9"', "targets.110.desk_keys.pull_in: *9 is targets.110.desk_keys.hand_back"),
        ("emergency = true", "emergency = false", "hotline.emergency_target: expected a target of this file"),
        ('match = ["127.0.0.110"]', 'match = ["127.0.0.8/29"]', "overlaps 127.0.0.11/32 of trunks.public.match"),
        ('match = ["127.0.0.110"]', 'match = ["police"]', "targets.110.match[0]: expected an IP address or network"),
        ('match = ["127.0.0.11"]', "match = []", "trunks.public.match: expected at least one IP address"),
        ("[targets.110]", "[targets.Police]", "targets.Police: a target's name is made of a-z, 0-9 and -"),
        ('number = "1001"', 'number = "10a"', "number: expected 2 to 15 digits"),
        ('number = "1001"', 'number = "12345"', "number: is hotline.number already"),
        ('name = "一号坐席"', r'name = "a\nb"', "operators[0].name: has a control character"),
        ('name = "一号坐席"', "name = '\"<x>'", "operators 1001: name: expected a name without"),
        ('en = "110 Police"', 'fr = "17"', "targets.110.name.en: expected a name in this language"),
        ("[database]", "[screening]\ncalls = -1\n[database]", "screening.calls: expected 0 to 1000, found -1"),
        ("[database]", '[screening]\ncountry = "+86"\n[database]', "screening.country: expected a country's code"),
        ("[database]", '[screening]\nexempt = ["x"]\n[database]', "screening.exempt[0]: expected a telephone number"),
        ("[database]", "[screening]\nblock_hours = 0\n[database]", "screening.block_hours: expected 1 to 8760"),
        ("[database]", "[databaze]", "databaze: unknown key; did you mean database?"),
    ],
)  # fmt: skip
def test_given_a_wrong_value_then_the_key_and_what_was_expected_are_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert told in problems(site_file(tmp_path, (old, new)))


@pytest.mark.parametrize("letter", [",", "&", "^", "|", "$", '\\"', "'", " ", ";", "\\n"])
def test_a_route_never_holds_what_a_dialplan_would_read_as_its_own(tmp_path: Path, letter: str) -> None:
    path = site_file(tmp_path, ("sip:110@127.0.0.112:5060", f"sip:110{letter}@127.0.0.112:5060"))
    assert "targets.110.routes[1]" in problems(path)


def test_the_greeting_keys_do_not_take_the_emergency_key(tmp_path: Path) -> None:
    path = site_file(tmp_path, ('number = "12345"', 'number = "12345"\nlanguage_keys = {0 = "en"}'))
    assert "hotline.language_keys.0: is hotline.emergency_key already" in problems(path)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("personal = 5", "retention.personal: expected 6 to 1200 months, found 5; the Cybersecurity Law"),
        ("call_log = 0", "retention.call_log: expected 6 to 1200 months"),
        ("journal = 1", "retention.journal: expected 6 to 1200 months"),
        ("recordings = 0", "retention.recordings: expected 1 to 1200 months"),
        ("handovers = 35", "retention.handovers: expected 0 (no rule) or 36 months and more; records of personal data"),
        ("recordings = 61", "retention.recordings: 61 months is longer than retention.call_log (60 months)"),
        ("handovers = 72", "retention.handovers: 72 months is longer than retention.call_log"),
        ("personal = 6", "retention.journal: 12 months is longer than retention.personal (6 months)"),
        ('at = "24:00"', "retention.at: expected a time of day such as"),
        ('personal = "2 years"', "retention.personal: expected a whole number"),
        ("days = 30", "retention.days: unknown key"),
    ],
)
def test_nothing_is_kept_shorter_than_the_law_says_or_longer_than_what_it_hangs_on(
    tmp_path: Path, kept: str, told: str
) -> None:
    assert told in problems(site_file(tmp_path, ("[keys]", f"[retention]\n{kept}\n\n[keys]")))


def test_two_operators_never_share_a_number(tmp_path: Path) -> None:
    more = '\n[[operators]]\nnumber = "1001"\nname = "二号坐席"\n'
    assert "operators[2].number: 1001 is there twice" in problems(site_file(tmp_path, more=more))


def test_given_no_toml_then_the_line_is_told(tmp_path: Path) -> None:
    path = site_file(tmp_path, ('number = "12345"', "number = "))
    assert "line 4" in problems(path)


def test_given_no_file_then_the_way_out_is_told(tmp_path: Path) -> None:
    assert "copy the project's hotline.toml" in problems(tmp_path / "none.toml")


def test_a_neighbour_is_read_and_what_is_wrong_with_it_is_told(tmp_path: Path) -> None:
    good = '[neighbour]\ncontact = "sip:12345@192.0.2.9:5060"\nname = {zh = "邻市热线", en = "Next city"}\n'
    neighbour = load(site_file(tmp_path, more=good), tmp_path).neighbour
    assert neighbour is not None
    assert (neighbour.contact, neighbour.ring) == ("sip:12345@192.0.2.9:5060", 20)
    bad = good.replace("sip:12345@", "tel:").replace(', en = "Next city"', "") + "ring = 0\n"
    told = problems(site_file(tmp_path, more=bad))
    for key in ("neighbour.contact", "neighbour.name.en", "neighbour.ring"):
        assert key in told
    assert load(SANDBOX, tmp_path).neighbour is None


KEY = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
PARTNER = f"""
[exchange.police]
url = "https://10.1.2.3:8443"
key = "{KEY}"
targets = ["110"]
"""


def test_a_desk_that_shares_cases_is_read_and_belongs_to_its_targets(tmp_path: Path) -> None:
    site = load(site_file(tmp_path, more=PARTNER), tmp_path)
    assert site.hotline.desk == "12345"
    assert site.exchange["police"].url == "https://10.1.2.3:8443"
    assert site.partner_of("110") == "police"
    assert site.partner_of("119") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("exchange.police", "exchange.12345", "exchange.12345: is this hotline's own name"),
        ("exchange.police", 'exchange."po lice"', "exchange.po lice: a desk's name is made of"),
        ("https://", "http://", "exchange.police.url: expected an address such as https://10.1.2.3:8443: messages"),
        ("https://", "ftp://", "exchange.police.url: expected an address"),
        (":8443", ":84430", "exchange.police.url: expected an address"),
        (KEY, KEY[:-4], "exchange.police.key: expected an Ed25519 public key"),
        ('"110"', '"111"', "exchange.police.targets: there is no targets.111"),
        ("targets", "silent_minutes = 0\ntargets", "exchange.police.silent_minutes: expected 1 to 1440"),
        ("targets", 'next_key = "x"\ntargets', "exchange.police.next_key: expected an Ed25519 public key"),
    ],
)
def test_what_is_wrong_with_a_desk_that_shares_cases_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in PARTNER
    assert told in problems(site_file(tmp_path, more=PARTNER.replace(old, new)))


def test_a_target_belongs_to_one_desk(tmp_path: Path) -> None:
    second = PARTNER.replace("exchange.police", "exchange.traffic")
    assert "belongs to exchange.police already" in problems(site_file(tmp_path, more=PARTNER + second))


@pytest.mark.parametrize(("desk", "other"), [("12345", "110"), ("110", "12345")])
def test_the_sites_of_two_desks_that_stand_side_by_side_load(tmp_path: Path, desk: str, other: str) -> None:
    text = (SANDBOX.parent / f"examples/two/{desk}.toml").read_text(encoding="utf-8")
    path = tmp_path / "hotline.toml"
    path.write_text(text.replace(f"@{other}@", KEY), encoding="utf-8")
    site = load(path, tmp_path)
    assert (site.hotline.desk, list(site.exchange)) == (desk, [other])
    assert site.partner_of(other) == other


DEPARTMENT = """
[departments.yuanlin]
name = {zh = "园林局", en = "Parks"}
"""


def test_a_department_is_read_and_what_is_wrong_with_it_is_told(tmp_path: Path) -> None:
    site = load(site_file(tmp_path, more=DEPARTMENT), tmp_path)
    assert site.departments["yuanlin"].name["zh"] == "园林局"
    for old, new, told in (
        ("yuanlin", '"cheng guan"', "departments.cheng guan: a department's key is made of small letters"),
        (', en = "Parks"', "", "departments.yuanlin.name.en: expected its name in this language"),
        ("name", "names", "departments.yuanlin.names: unknown key; did you mean name?"),
    ):
        assert told in problems(site_file(tmp_path, more=DEPARTMENT.replace(old, new)))


TOLD = """
[webhooks.records]
url = "https://10.1.2.3/cases"
events = ["opened", "handled"]
[sms]
url = "http://127.0.0.1:9000/sms"
quiet = ["21:00-08:00"]
"""


def test_those_that_are_told_of_cases_are_read(tmp_path: Path) -> None:
    site = load(site_file(tmp_path, more=TOLD), tmp_path)
    assert site.webhooks["records"].events == ("opened", "handled")
    assert site.sms is not None
    assert (site.sms.most_a_day, site.webhooks["records"].numbers) == (5, False)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("webhooks.records", "webhooks.Records", "webhooks.Records: expected a name such as records"),
        ("webhooks.records", "webhooks.sms", "webhooks.sms: this name is the text messages'"),
        ("https://", "http://", "webhooks.records.url: expected an address such as https://10.1.2.3:8443: messages"),
        ("10.1.2.3", "169.254.169.254", "webhooks.records.url: 169.254.169.254 is no address of a system of yours"),
        ("10.1.2.3", "[::ffff:169.254.169.254]", "webhooks.records.url: ::ffff:169.254.169.254 is no address"),
        ("10.1.2.3", "[fe9f::1]", "webhooks.records.url: fe9f::1 is no address of a system of yours"),
        ("10.1.2.3", "0.0.0.0", "webhooks.records.url: 0.0.0.0 is no address of a system of yours"),
        ("9000/sms", "5038", "sms.url: 5038 is this hotline's own port"),
        ("/cases", "/cases?token=1", "webhooks.records.url: expected an address"),
        ('"opened"', '"Opened!"', "webhooks.records.events[0]: expected * or kinds of events such as opened"),
        ('["opened", "handled"]', "[]", "webhooks.records.events: expected * or kinds of events such as opened"),
        ("21:00-08:00", "21-8", "sms.quiet[0]: expected a span such as"),
        ("[sms]", "[sms]\nmost_a_day = 0", "sms.most_a_day: expected 1 to 100, found 0"),
        ("[sms]", '[sms]\nsteps = ["begun"]', "sms.steps[0]: expected one of received"),
        ("[sms]", '[sms]\nnumbers = "("', "sms.numbers: expected a regular expression such as"),
        ("[sms]", '[sms]\ntexts = "none.toml"', "cannot be read"),
    ],
)
def test_what_is_wrong_with_those_that_are_told_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TOLD
    assert told in problems(site_file(tmp_path, more=TOLD.replace(old, new)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[begun]\nzh = 'a'\nen = 'b'", "expected one of received"),
        ("[rate]\nzh = 'a'", "expected zh and en"),
        ("[rate]\nzh = '{cause}'\nen = 'b'", "expected {field} of"),
        ("[rate]\nzh = '{number.__class__}'\nen = 'b'", "expected {field} of"),
        ("[rate]\nzh = '{number:>99999}'\nen = 'b'", "expected {field} of"),
        ("[rate]\nzh = '{'\nen = 'b'", "expected {field} of"),
        ("[rate]\nzh = ''\nen = 'b'", "expected one line of 1 to 300 characters"),
    ],
)
def test_a_citys_own_texts_are_judged_and_lie_over_those_that_ship(tmp_path: Path, words: str, told: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(words, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(told)):
        texts.read(own)
    own.write_text("[rate]\nzh = '请评价{number}'\nen = 'rate {number}'", encoding="utf-8")
    assert (texts.read(own)["rate"]["zh"], set(texts.read(own))) == ("请评价{number}", set(texts.STEPS))
