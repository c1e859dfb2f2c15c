"""What must hold in a site's settings: keys do not clash, Asterisk can tell endpoints apart, numbers make sense."""

from __future__ import annotations

import ipaddress
import itertools
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping

from ivr.settings import browsers, hours
from ivr.settings.model import Address, Site, Target

MODES = ("transfer", "conference", "consult", "suspend", "blind")
RESERVED_REASONS = ("wrap-up",)  # of a pause that is after-call work
DESK_ACTS = ("hand_back", "pull_in")
ROLES = ("desk", "department", "interpreter")
PEOPLE = (
    "admin",
    "dialplan_admin",
    "supervisor",
    "liaison",
    "auditor",
    "operator",
    "department",
)  # R61: what people may be
ACKNOWLEDGE = ("answer", "key")
DESK_WORDS = ("hotline", "police")
ACCENTS = ("blue", "violet", "teal", "slate")  # ivr/web/static/shell/accents.css
# app_queue's, less the one that needs penalties (Asterisk: queues.conf, `strategy`)
STRATEGIES = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear")

_WORD = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DTMF = re.compile(r"[0-9A-D*#]+")
_NUMBER = re.compile(r"[0-9]{2,15}")
_COUNTRY = re.compile(r"[1-9][0-9]{0,2}")
_CALLER = re.compile(r"\+?[0-9]{2,20}")
_DIALLED = re.compile(r"\+?[0-9*#]{1,20}")
# RFC 3261's SIP URI, without parameters and whatever a dialplan would read as its own (, & ^ | $ ; quotes, blanks)
_URI = re.compile(r"sips?:([A-Za-z0-9._+*%-]+@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
_NAME = re.compile(r"[^\"<>;$\\\[\]{}|]+")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
LEAST_LOG, LEAST_HANDOVER, LONGEST_KEPT = 6, 36, 1200  # months
RANGES = {  # key → lowest, highest
    "hooks.before_greeting": (1, 30),
    "hooks.before_queue": (1, 120),
    "hooks.while_waiting": (1, 30),
    "hooks.key": (1, 300),
    "hooks.number": (1, 1800),
    "hooks.before_transfer": (1, 10),
    "hooks.after_call": (1, 600),
    "queue.target_seconds": (1, 600),
    "queue.ring": (1, 120),
    "queue.wrap_up": (0, 3600),
    "queue.announce_every": (10, 600),
    "screening.calls": (0, 1000),
    "screening.seconds": (5, 3600),
    "screening.at_once": (0, 1000),
    "screening.review_calls": (1, 100_000),
    "screening.review_minutes": (1, 1440),
    "screening.block_hours": (1, 8760),
    "dialplans.watch_minutes": (0, 120),
    "accounts.idle_minutes": (1, 1440),
    "accounts.hours": (1, 24),
    "accounts.lock_after": (3, 100),
    "accounts.lock_minutes": (1, 1440),
    "hotline.max_parties": (3, 10),
    "hotline.consult_seconds": (1, 600),
}
TARGET_RANGES = {"ring": (1, 180), "stay": (0, 60), "acknowledge_seconds": (1, 60)}


def problems(site: Site) -> list[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    parts = (
        _hotline,
        _menu,
        _listen,
        _database,
        _retention,
        _trunks,
        _targets,
        _neighbour,
        _operators,
        _supervisors,
        _keys,
        _endpoints,
        browsers.problems,
        _screening,
        _proxies,
        _desk,
        _privacy,
        _orders,
        lambda site: hours.problems(site.hours),
    )
    return [problem for part in parts for problem in part(site)]


def _hotline(site: Site) -> Iterator[str]:
    hotline = site.hotline
    if not _NUMBER.fullmatch(hotline.number):
        yield f"hotline.number: expected the digits that callers dial, found {hotline.number!r}"
    if not _NODE.fullmatch(hotline.node):
        yield f"hotline.node: expected letters, digits, - or _, found {hotline.node!r}"
    if not hotline.languages:
        yield 'hotline.languages: expected at least one, such as ["zh"]; the first is the default'
    for code in hotline.languages:
        if not _LANGUAGE.fullmatch(code):
            yield f"hotline.languages: {code!r} is no language code such as zh or en"
    for key, code in hotline.language_keys.items():
        yield from _single(f"hotline.language_keys.{key}", key)
        if code not in hotline.languages:
            yield f"hotline.language_keys.{key}: {code!r} is not one of hotline.languages"
    yield from _single("hotline.emergency_key", hotline.emergency_key)
    if hotline.emergency_key in hotline.language_keys:
        yield f"hotline.language_keys.{hotline.emergency_key}: is hotline.emergency_key already"
    target = site.targets.get(hotline.emergency_target)
    if target is None or not target.emergency or not target.routes:
        wanted = f"[targets.{hotline.emergency_target}] with emergency = true and routes"
        yield f"hotline.emergency_target: expected a target of this file: {wanted}"
    if hotline.timezone not in (zoneinfo.available_timezones() or {hotline.timezone}):
        yield f"hotline.timezone: expected a name such as Asia/Shanghai, found {hotline.timezone!r}"
    yield from _words("hotline.name", hotline.name, hotline.languages)
    tables = {
        "queue": site.queue,
        "hotline": hotline,
        "screening": site.screening,
        "hooks": site.hooks,
        "dialplans": site.dialplans,
        "accounts": site.accounts,
    }
    yield from _ranges(RANGES, tables)
    yield from _choice("queue.strategy", site.queue.strategy, STRATEGIES)
    for role in site.accounts.totp:
        yield from _choice("accounts.totp", role, PEOPLE)


def _menu(site: Site) -> Iterator[str]:
    menu = site.hotline.menu
    if menu is None:
        return
    if not _WORD.fullmatch(menu.prompt):
        yield f"hotline.menu.prompt: expected the name of a prompt, found {menu.prompt!r}"
    if not 1 <= menu.seconds <= 30:
        yield f"hotline.menu.seconds: expected 1 to 30, found {menu.seconds:g}"
    for key, skill in menu.keys.items():
        yield from _single(f"hotline.menu.keys.{key}", key)
        if key == site.hotline.emergency_key:
            yield f"hotline.menu.keys.{key}: is hotline.emergency_key already"
        if skill not in site.skills:
            yield f"hotline.menu.keys.{key}: no operator has the skill {skill!r}; known: {', '.join(site.skills)}"


def _listen(site: Site) -> Iterator[str]:
    low, high = site.listen.rtp
    if not 1024 <= low < high <= 65535 or high - low < 3:
        yield f"listen.rtp: expected a range of at least 4 ports from 1024 to 65535, found {low}-{high}"
    if low <= site.listen.sip.port <= high:
        yield f"listen.sip: port {site.listen.sip.port} lies in listen.rtp ({low}-{high})"
    try:
        ipaddress.ip_address(site.listen.sip.host)
    except ValueError:
        yield f"listen.sip: expected an IP address to bind to, found {site.listen.sip.host!r}"
    named = {name: getattr(site.listen, name) for name in ("web", "ami", "agi", "ari")}
    taken: dict[Address, str] = {}
    for name, address in named.items():
        if address is not None and taken.setdefault(address, name) != name:
            yield f"listen.{name}: {address.host}:{address.port} is listen.{taken[address]} already"


def _database(site: Site) -> Iterator[str]:
    if not site.database_url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        forms = "sqlite+aiosqlite:///{var}/ivr.db or postgresql+asyncpg://user:password@host/name"
        yield f"database.url: expected {forms}"


def _retention(site: Site) -> Iterator[str]:
    """The least is the law's (R52), the order is the data's: nothing may outlive what it hangs on."""
    kept = site.retention
    for name in ("personal", "call_log", "journal"):
        if not LEAST_LOG <= getattr(kept, name) <= LONGEST_KEPT:
            law = "the Cybersecurity Law (art. 21) asks for the log of at least 6 months"
            yield f"retention.{name}: expected {LEAST_LOG} to {LONGEST_KEPT} months, found {getattr(kept, name)}; {law}"
    if not 1 <= kept.recordings <= LONGEST_KEPT:
        yield f"retention.recordings: expected 1 to {LONGEST_KEPT} months, found {kept.recordings}"
    if kept.handovers and not LEAST_HANDOVER <= kept.handovers <= LONGEST_KEPT:
        law = "records of personal data handed to others are kept for at least 3 years"
        yield f"retention.handovers: expected 0 (no rule) or {LEAST_HANDOVER} months and more; {law}"
    for name in ("recordings", "personal", "handovers"):
        if getattr(kept, name) > kept.call_log:
            why = f"is longer than retention.call_log ({kept.call_log} months), without which it belongs to no call"
            yield f"retention.{name}: {getattr(kept, name)} months {why}"
    if kept.journal > kept.personal:
        why = f"is longer than retention.personal ({kept.personal} months), but the journal holds callers' numbers"
        yield f"retention.journal: {kept.journal} months {why}"
    if not _TIME_OF_DAY.fullmatch(kept.at):
        yield f'retention.at: expected a time of day such as "03:30", found {kept.at!r}'


def _trunks(site: Site) -> Iterator[str]:
    for trunk in site.trunks.values():
        where = f"trunks.{trunk.key}"
        if not _WORD.fullmatch(trunk.key):
            yield f"{where}: a trunk's name is made of a-z, 0-9 and -"
        if not trunk.match:
            yield f"{where}.match: expected at least one IP address, or nobody could call in by it"
        yield from _uri(f"{where}.contact", trunk.contact)
        if trunk.language is not None and trunk.language not in site.hotline.languages:
            yield f"{where}.language: {trunk.language!r} is not one of hotline.languages"


def _targets(site: Site) -> Iterator[str]:
    for target in site.targets.values():
        where = f"targets.{target.key}"
        if not _WORD.fullmatch(target.key):
            yield f"{where}: a target's name is made of a-z, 0-9 and -"
        yield from _choice(f"{where}.role", target.role, ROLES)
        yield from _choice(f"{where}.acknowledge", target.acknowledge, ACKNOWLEDGE)
        yield from _words(f"{where}.name", target.name, site.hotline.languages)
        yield from _ranges({f"{where}.{name}": limits for name, limits in TARGET_RANGES.items()}, {where: target})
        for n, route in enumerate(target.routes):
            yield from _uri(f"{where}.routes[{n}]", route)
        for mode in target.keys:
            yield from _choice(f"{where}.keys.{mode}", mode, MODES)
        for act in target.desk_keys:
            yield from _choice(f"{where}.desk_keys.{act}", act, DESK_ACTS)
        yield from _ways(target, where)


def _ways(target: Target, where: str) -> Iterator[str]:
    if bool(target.routes) == bool(target.flow):
        yield f"{where}: expected routes (SIP URIs, tried in order) or flow (a dialplan flow), one of the two"
    if target.flow and not _WORD.fullmatch(target.flow):
        yield f"{where}.flow: expected the name of a flow, found {target.flow!r}"
    for mode in target.keys:
        if mode in MODES and (mode == "suspend") != bool(target.flow):
            yield f"{where}.keys.{mode}: {'suspend needs a flow' if mode == 'suspend' else 'a flow knows suspend only'}"
    if target.emergency and "blind" in target.keys:
        yield f"{where}.keys.blind: an emergency target is always supervised, never blind"
    if target.emergency and target.flow:
        yield f"{where}.emergency: an emergency target needs routes, not a flow"
    if target.critical_contact is not None and not _DIALLED.fullmatch(target.critical_contact):
        yield f"{where}.critical_contact: expected a telephone number, found {target.critical_contact!r}"


def _neighbour(site: Site) -> Iterator[str]:
    if site.neighbour is None:
        return
    yield from _uri("neighbour.contact", site.neighbour.contact)
    yield from _words("neighbour.name", site.neighbour.name, site.hotline.languages)
    yield from _ranges({"neighbour.ring": (1, 180)}, {"neighbour": site.neighbour})
    if "neighbour" in site.targets:
        yield "targets.neighbour: this name is the neighbour's ([neighbour]); take another"


def _operators(site: Site) -> Iterator[str]:
    reserved = {site.hotline.number: "hotline.number"} | {key: f"targets.{key}" for key in site.targets}
    for operator in site.operators.values():
        where = f"operators {operator.number}"
        if not _NUMBER.fullmatch(operator.number):
            yield f"{where}: number: expected 2 to 15 digits, found {operator.number!r}"
        if operator.number in reserved:
            yield f"{where}: number: is {reserved[operator.number]} already"
        if not _NAME.fullmatch(operator.name):
            yield f'{where}: name: expected a name without " < > ; $ \\ [ ] {{ }} |, found {operator.name!r}'
        for skill in operator.skills:
            if not _WORD.fullmatch(skill):
                yield f"{where}: skills: {skill!r} is not made of a-z, 0-9 and -"


def _supervisors(site: Site) -> Iterator[str]:
    for supervisor in site.supervisors.values():
        where = f"supervisors {supervisor.number}"
        if not _NUMBER.fullmatch(supervisor.number):
            yield f"{where}: number: expected 2 to 15 digits, found {supervisor.number!r}"
        if supervisor.number in site.operators:
            yield f"{where}: number: is an operator's already; a supervisor's phone takes no calls and is another one"
        if not _NAME.fullmatch(supervisor.name):
            yield f'{where}: name: expected a name without " < > ; $ \\ [ ] {{ }} |, found {supervisor.name!r}'
    yield from _choice("supervision.tell_operator", site.supervision.tell_operator, ("no", "tone"))


def _keys(site: Site) -> Iterator[str]:
    keys = site.keys
    pressed = {f"keys.{name}": getattr(keys, name) for name in ("cancel", "take_back", "join")}
    for target in site.targets.values():
        pressed |= {f"targets.{target.key}.keys.{mode}": digits for mode, digits in target.keys.items()}
        yield from _clashes({f"targets.{target.key}.desk_keys.{act}": d for act, d in target.desk_keys.items()})
    yield from _clashes(pressed)
    yield from _clashes({f"keys.{name}": getattr(keys, name) for name in ("ready", "pause", "wrap_up", "back")})


def _clashes(pressed: Mapping[str, str]) -> Iterator[str]:
    """Asterisk acts on the first code that the digits so far complete: none may begin with another."""
    for where, digits in pressed.items():
        if not _DTMF.fullmatch(digits):
            yield f"{where}: expected telephone keys (0-9 * # A-D), found {digits!r}"
    for (first, one), (second, other) in itertools.combinations(pressed.items(), 2):
        if one == other:
            yield f"{second}: {other} is {first} already"
        elif one.startswith(other) or other.startswith(one):
            yield f"{second}: {other} clashes with {first} ({one}): one begins with the other"


def _endpoints(site: Site) -> Iterator[str]:
    """An address tells Asterisk who calls (PJSIP `identify`), so it may belong to one endpoint only."""
    owners = [(f"trunks.{trunk.key}.match", trunk.match) for trunk in site.trunks.values()]
    owners += [(f"targets.{target.key}.match", target.match) for target in site.targets.values()]
    networks: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for where, match in owners:
        for n, text in enumerate(match):
            try:
                networks.append((where, ipaddress.ip_network(text)))
            except ValueError:
                yield f"{where}[{n}]: expected an IP address or network such as 10.1.2.3 or 10.1.2.0/24, found {text!r}"
    for (first, one), (second, other) in itertools.combinations(networks, 2):
        if first != second and one.version == other.version and one.overlaps(other):
            yield f"{second}: {other} overlaps {one} of {first}; an address can belong to one of them only"


def _proxies(site: Site) -> Iterator[str]:
    for n, text in enumerate(site.listen.proxies):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            where = f"listen.proxies[{n}]"
            yield f"{where}: expected an IP address or network such as 10.1.2.3 or 10.1.2.0/24, found {text!r}"


def _screening(site: Site) -> Iterator[str]:
    if not _COUNTRY.fullmatch(site.screening.country):
        expected = "a country's code without + or 00, such as 86"
        yield f"screening.country: expected {expected}, found {site.screening.country!r}"
    for n, number in enumerate(site.screening.exempt):
        if not _CALLER.fullmatch(number):
            yield f"screening.exempt[{n}]: expected a telephone number such as 01012345678, found {number!r}"


def _desk(site: Site) -> Iterator[str]:
    yield from _choice("desk.words", site.desk.words, ("", *DESK_WORDS))
    yield from _choice("desk.accent", site.desk.accent, ("", *ACCENTS))
    reasons = [reason.id for reason in site.desk.pause_reasons]
    for n, id in enumerate(reasons):
        if not _WORD.fullmatch(id) or id in RESERVED_REASONS:
            expected = f"a word of a-z, 0-9 and - (not {' or '.join(RESERVED_REASONS)})"
            yield f"desk.pause_reasons[{n}].id: expected {expected}, found {id!r}"
        if id in reasons[:n]:
            yield f"desk.pause_reasons[{n}].id: {id} is there twice"


def _privacy(site: Site) -> Iterator[str]:
    for role in site.privacy.unmask:
        yield from _choice("privacy.unmask", role, ("supervisor", "liaison", "auditor", "admin"))


def _orders(site: Site) -> Iterator[str]:
    yellow, red = site.orders.yellow, site.orders.red
    for name, percent in (("yellow", yellow), ("red", red)):
        if not 1 <= percent <= 99:
            yield f"orders.{name}: expected 1 to 99 percent of an order's time, found {percent}"
    if yellow >= red:
        yield f"orders.yellow: {yellow} percent is not less than orders.red, {red}: yellow comes first"


def _single(where: str, key: str) -> Iterator[str]:
    if len(key) != 1 or not _DTMF.fullmatch(key):
        yield f"{where}: expected one telephone key (0-9, * or #), found {key!r}"


def _uri(where: str, uri: str) -> Iterator[str]:
    if not _URI.fullmatch(uri):
        form = "sip:110@192.0.2.7:5060, without parameters, blanks, quotes or any of , & ^ | $ ;"
        yield f"{where}: expected a SIP URI such as {form}; found {uri!r}"


def _choice(where: str, value: str, choices: Iterable[str]) -> Iterator[str]:
    if value not in choices:
        yield f"{where}: expected one of {', '.join(choices)}, found {value!r}"


def _words(where: str, text: Mapping[str, str], languages: Iterable[str]) -> Iterator[str]:
    """A name is shown and spoken in each of the site's languages."""
    for code in languages:
        if not _NAME.fullmatch(text.get(code, "")):
            yield f'{where}.{code}: expected a name in this language, without " < > ; $ \\ [ ] {{ }} |'


def _ranges(limits: Mapping[str, tuple[int, int]], tables: Mapping[str, object]) -> Iterator[str]:
    for where, (low, high) in limits.items():
        table, _, name = where.rpartition(".")
        value = getattr(tables[table], name)
        if not low <= value <= high:
            yield f"{where}: expected {low} to {high}, found {value}"
