"""A site's settings: `hotline.toml` as frozen dataclasses.

Every field's unit stands in its name or its comment; `load` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.settings.channels import Channel
from ivr.settings.hours import Hours
from ivr.settings.telling import Sms, Webhook

Text = Mapping[str, str]  # language code → words


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu of one level, off by default (GB/T 33358 advises against menus). key → skill; no key → a human."""

    prompt: str
    keys: Mapping[str, str]
    seconds: float = 4.0


@dataclass(frozen=True, slots=True)
class Hotline:
    number: str
    name: Text
    node: str = "hotline"  # shown in place of Asterisk's secret mark
    languages: tuple[str, ...] = ("zh", "en")  # the first is the default
    language_keys: Mapping[str, str] = field(default_factory=lambda: {"2": "en"})  # pressed in the greeting
    emergency_key: str = "0"
    emergency_target: str = "110"
    greeting: bool = True
    menu: Menu | None = None
    timezone: str = "Asia/Shanghai"
    max_parties: int = 6
    consult_seconds: int = 30  # R24: then the caller is brought back in
    desk: str = ""  # what this hotline is called among the desks that share cases; without it, its number

    def __post_init__(self) -> None:
        if not self.desk:
            object.__setattr__(self, "desk", self.number)


@dataclass(frozen=True, slots=True)
class Listen:
    sip: Address
    rtp: tuple[int, int]
    web: Address
    ami: Address
    agi: Address
    ari: Address | None = None  # None: a free port on loopback, chosen at each start
    proxies: tuple[str, ...] = ()  # addresses and networks of reverse proxies in front of `web`: X-Forwarded-For holds
    sip_tls: Address | None = None  # SIP over TLS: phones, trunks, desks
    sip_mtls: Address | None = None  # the same, for those only who show a certificate of [tls] ca
    media: str | None = None  # this machine's address that browsers' voices come to; None: each that it has

    def sip_door(self, transport: str) -> Address | None:
        """Where SIP by this transport comes in; a browser's (wss) comes by `web`, through the controller."""
        return {"udp": self.sip, "tls": self.sip_tls, "mtls": self.sip_mtls, "wss": self.web}[transport]


@dataclass(frozen=True, slots=True)
class Tls:
    """R63. Files in PEM; a relative path lies beside `hotline.toml`, `{var}/ca/…` is what `ivr ca make` made."""

    certificate: str  # ours, then its intermediates
    key: str
    ca: str | None = None  # who signs the certificates of those that we call, and of those that come by sip_mtls
    web: bool = False  # listen.web speaks https and wss


@dataclass(frozen=True, slots=True)
class Queue:
    target_seconds: int = 15  # R2; after it the call overflows to every operator
    ring: int = 10  # seconds one operator's phone rings
    wrap_up: int = 0  # seconds of after-call work
    announce_every: int = 30  # seconds between position announcements
    strategy: str = "leastrecent"


@dataclass(frozen=True, slots=True)
class Screening:
    """R53, R54: what one number may do before the queue. A screened caller still reaches the emergency target."""

    calls: int = 10  # of one number within `seconds`; 0: any number
    seconds: int = 60
    at_once: int = 5  # calls of one number at the same time; 0: any number
    review_calls: int = 10  # more than these within `review_minutes` are shown for review; no effect on calls
    review_minutes: int = 60
    block_hours: int = 720  # the longest block
    country: str = "86"  # of the numbers that come without a country's code
    exempt: tuple[str, ...] = ()  # switchboards and the like: never limited; a block holds for them too


@dataclass(frozen=True, slots=True)
class Hooks:
    """How many seconds each hook of the site's dialplans may take before core goes on without it."""

    before_greeting: int = 5
    before_queue: int = 30
    while_waiting: int = 10  # meanwhile no operator is offered this caller
    key: int = 30  # a key pressed while waiting
    number: int = 120  # the flow of a number of the site's own
    before_transfer: int = 3  # never before an emergency target
    after_call: int = 60

    @property
    def by_name(self) -> Mapping[str, int]:
        """As dialplans/core/hooks.conf names them: `before-greeting`, `key-`, …"""
        return {
            name.replace("_", "-") + ("-" if name in {"key", "number"} else ""): getattr(self, name)
            for name in self.__dataclass_fields__
        }


@dataclass(frozen=True, slots=True)
class Dialplans:
    """How dialplans are published."""

    two_person: bool = False  # who publishes is another person than the author
    watch_minutes: int = 10  # so long calls are watched after a publish, which is taken back if they fail; 0: not


@dataclass(frozen=True, slots=True)
class PauseReason:
    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What operators choose from in the browser."""

    pause_reasons: tuple[PauseReason, ...] = (
        PauseReason("break", "小休", "Break"),
        PauseReason("meal", "用餐", "Meal"),
        PauseReason("training", "培训", "Training"),
        PauseReason("meeting", "会议", "Meeting"),
        PauseReason("case", "处理工单", "Working on a case"),
    )
    decide_seconds: int = (
        60  # R26: without an agreement by then, the desk that first received the call accepts the case
    )
    accept_minutes: int = 10  # another desk that has not answered a case by then is overdue (board, bulletin)
    classes: str = ""  # file with the classes of cases, beside hotline.toml; "": the sample that ships
    calendar: str = ""  # file with the working days and limits of work orders, beside hotline.toml; "": the sample
    scope: str = ""  # file with the scope lists of the desks (R31), beside hotline.toml; "": the sample that ships
    words: str = ""  # of the pages: "hotline" (诉求) or "police" (警情); "": police at the desk 110
    accent: str = ""  # colour of the pages: blue, violet, teal or slate; "": violet where the words are police's


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who uses the pages: how long a login lasts, and what wrong passwords bring (R63)."""

    totp: tuple[str, ...] = ("admin", "supervisor", "auditor")  # roles that need a second factor
    idle_minutes: int = 30  # nobody asks for anything, and no live page is open: the session is over
    hours: int = 12  # the longest session
    lock_after: int = 5  # wrong passwords
    lock_minutes: int = 15  # that they are counted, and that the lock then lasts


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept, in months (R52, R65); then it is erased, with proof, and the statistics stay."""

    recordings: int = 24
    personal: int = 24  # then a pseudonym stands for the caller's number
    handovers: int = 0  # calls that a partner took part in keep the number so long, where that is longer; 0: no rule
    call_log: int = 60  # then a call is in the statistics only
    journal: int = 12  # the raw rows, which hold numbers too
    at: str = "03:30"  # the site's time: the quiet hour in which the day's erasing is done


@dataclass(frozen=True, slots=True)
class Orders:
    """Work orders (R47): when so many percent of an order's time have passed, its light changes."""

    yellow: int = 80
    red: int = 95


@dataclass(frozen=True, slots=True)
class Privacy:
    """R60: everybody sees numbers masked; who may uncover one, with a reason that is kept."""

    unmask: tuple[str, ...] = ("supervisor", "liaison")  # roles


@dataclass(frozen=True, slots=True)
class Trunk:
    key: str
    match: tuple[str, ...]
    contact: str
    language: str | None = None
    transport: str = "udp"  # udp | tls | mtls
    srtp: bool = False

    @property
    def endpoint(self) -> str:
        return f"trunk-{self.key}"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another hotline: takes new callers while this one is being emptied (`ivr drain`)."""

    contact: str
    name: Text
    ring: int = 20  # seconds; then the caller is served here after all
    transport: str = "udp"  # udp | tls | mtls
    srtp: bool = False

    @property
    def uri(self) -> str:
        """The contact as SIP dials it."""
        return self.contact if self.transport == "udp" else f"{self.contact};transport=tls"


@dataclass(frozen=True, slots=True)
class Target:
    key: str
    name: Text
    routes: tuple[str, ...] = ()
    flow: str | None = None  # a dialplan flow instead of routes: mode suspend
    role: str = "desk"  # desk | department | interpreter
    match: tuple[str, ...] = ()
    ring: int = 20  # seconds a route
    stay: int = 3  # seconds the operator stays after the target is in
    acknowledge: str = "answer"  # answer | key
    acknowledge_seconds: int = 8
    emergency: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)  # mode → digits, pressed by the operator
    desk_keys: Mapping[str, str] = field(default_factory=dict)  # hand_back, pull_in → digits, pressed by the desk
    critical_contact: str | None = None  # R15: number for managers, shown only
    transport: str = "udp"  # udp | tls | mtls
    srtp: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.role}-{self.key}"

    @property
    def is_desk(self) -> bool:
        """Where people take cases over: no department or interpreter, and no flow, whatever its role says."""
        return self.role == "desk" and self.flow is None

    @property
    def uris(self) -> tuple[str, ...]:
        """The routes as SIP dials them."""
        return self.routes if self.transport == "udp" else tuple(f"{route};transport=tls" for route in self.routes)


@dataclass(frozen=True, slots=True)
class Partner:
    """Another desk that shares cases with this one (`[exchange.110]`): what it is called at its own site."""

    desk: str
    url: str  # its exchange is at <url>/exchange/v1/
    key: str  # its Ed25519 public key: 32 bytes in base64, as `ivr exchange keys` prints it there
    next_key: str = ""  # holds too, while the partner changes its key
    targets: tuple[str, ...] = ()  # a call taken to one of these takes its case to this desk
    silent_minutes: int = 5  # with messages that wait so long, a person has to know


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the city (`[departments.chengguan]`): orders go to it, and people of it log in (R47)."""

    key: str
    name: Text
    phone: str = ""  # where a person reaches it


@dataclass(frozen=True, slots=True)
class Keys:
    """Pressed by the operator, whatever the target."""

    cancel: str = "*0"
    take_back: str = "*2"
    join: str = "*6"  # in a consult: bring the caller in
    ready: str = "*45"  # dialled on the idle phone
    pause: str = "*46"
    wrap_up: str = "*47"
    back: str = "*49"  # dialled on a phone that was started anew: back into the call that it was in


@dataclass(frozen=True, slots=True)
class Operator:
    number: str
    name: str
    skills: tuple[str, ...] = ("general",)
    transport: str = "udp"  # udp | tls | mtls | wss: the phone is the browser
    srtp: bool = False


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A supervisor's phone: it takes no calls of the queue and dials nothing; the hotline rings it (as `endpoint`)."""

    number: str
    name: str
    transport: str = "udp"  # as an operator's
    srtp: bool = False

    @property
    def endpoint(self) -> str:
        return f"supervisor-{self.number}"


@dataclass(frozen=True, slots=True)
class Supervision:
    tell_operator: str = "no"  # "tone": a soft tone to the operator's ear when a supervisor comes onto the line


@dataclass(frozen=True, slots=True)
class Site:
    path: str
    hotline: Hotline
    listen: Listen
    database_url: str
    trunks: Mapping[str, Trunk]
    targets: Mapping[str, Target]
    operators: Mapping[str, Operator]
    keys: Keys = field(default_factory=Keys)
    queue: Queue = field(default_factory=Queue)
    screening: Screening = field(default_factory=Screening)
    hooks: Hooks = field(default_factory=Hooks)
    hours: Hours = field(default_factory=Hours)
    tls: Tls | None = None
    neighbour: Neighbour | None = None

    @property
    def web_url(self) -> str:
        """`https://10.0.0.5:8443`, without a slash at its end."""
        host = f"[{self.listen.web.host}]" if ":" in self.listen.web.host else self.listen.web.host
        return f"{'https' if self.tls and self.tls.web else 'http'}://{host}:{self.listen.web.port}"

    retention: Retention = field(default_factory=Retention)
    dialplans: Dialplans = field(default_factory=Dialplans)
    desk: Desk = field(default_factory=Desk)
    privacy: Privacy = field(default_factory=Privacy)
    orders: Orders = field(default_factory=Orders)
    accounts: Accounts = field(default_factory=Accounts)
    supervisors: Mapping[str, Supervisor] = field(default_factory=dict)
    supervision: Supervision = field(default_factory=Supervision)
    source: str = field(default="", repr=False, compare=False)  # the file's text that this was read from
    exchange: Mapping[str, Partner] = field(default_factory=dict)  # by desk
    departments: Mapping[str, Department] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)  # by name
    sms: Sms | None = None

    def partner_of(self, target: str | None) -> str | None:
        """The desk that a call taken to this target, or handed over by it, belongs to, where we share cases with it."""
        return next((desk for desk, partner in self.exchange.items() if target in partner.targets), None)

    @property
    def browsers(self) -> tuple[str, ...]:
        """Endpoints whose phone is a browser."""
        operators = tuple(operator.number for operator in self.operators.values() if operator.transport == "wss")
        return operators + tuple(one.endpoint for one in self.supervisors.values() if one.transport == "wss")

    @property
    def skills(self) -> tuple[str, ...]:
        """Every skill that an operator has, `general` always among them, sorted."""
        return tuple(sorted({"general"} | {skill for operator in self.operators.values() for skill in operator.skills}))
