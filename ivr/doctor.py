"""Is a planned system fit to start, and is a running one well? Plain Chinese and English words, each with a cure."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ivr import machine, ports, supervisor, system
from ivr.dialplan import heard
from ivr.dialplan.versions import Versions
from ivr.doctor_channels import channels
from ivr.doctor_database import database
from ivr.doctor_orders import orders
from ivr.doctor_partners import partners
from ivr.doctor_targets import CONTACTS, targets
from ivr.doctor_telling import telling
from ivr.errors import HotlineError
from ivr.findings import Finding, bad, ok
from ivr.pbx import fetch, prompts, render, state
from ivr.pbx.fetch import Installation
from ivr.pbx.prompts import book, judge, make
from ivr.settings import Address, Site, held, read, tls

CERTIFICATE_DAYS = 30  # before a certificate runs out, it is told
AUTHORITY_DAYS = 90  # before our own authority does: every machine has to be told of the next one
TRUST_ANEW = (
    "运行 ivr ca make，让各电脑信任新的根证书，然后重新启动 ivr up",
    "run `ivr ca make`, let every machine trust the new authority, then start `ivr up` again",
)
PATIENCE = 5.0  # seconds for Asterisk to answer


def examine(site: Site, var: Path) -> list[Finding]:
    """Everything: what a start needs, and, where a system was started, how it does."""
    try:
        asterisk = fetch.find(fetch=False)
    except HotlineError as failure:
        fetched = ("首次启动时会自动下载", "the first start fetches one")
        found = [bad("asterisk", ("尚无可用的 Asterisk", failure.message), fetched, "warning")]
        return [*found, *planned(site, var, None), *channels(site, var), *running(site, var, None)]
    version = ".".join(map(str, asterisk.version))
    found = [
        ok("asterisk", f"Asterisk {version}：{asterisk.command[-1]}", f"Asterisk {version}: {asterisk.command[-1]}")
    ]
    plan = [*planned(site, var, asterisk), *_quality(site, var)]
    return [*found, *plan, *channels(site, var), *running(site, var, asterisk)]


def planned(site: Site, var: Path, asterisk: Installation | None) -> list[Finding]:
    """What must hold before a start. Ports that this system itself holds are no obstacle."""
    parts = (
        _modules(asterisk),
        _ports(site, var),
        machine.examine(site, var),
        _socket(var),
        _zone(site),
        database(site, var),
        certificate(site),
        telling(site, var),
        orders(site, datetime.now(zoneinfo.ZoneInfo(site.hotline.timezone)).date()),
    )
    return [*(finding for part in parts for finding in part), *sounding(site, var)]


def sounding(site: Site, var: Path) -> list[Finding]:
    """Is every prompt there that a dialplan plays?"""
    return list(_prompts(site, var))


def running(site: Site, var: Path, asterisk: Installation | None) -> list[Finding]:
    """How the system that was started from this var folder does; a single finding where none was."""
    pbx, controller = system.find_asterisk(var), system.find_controller(var)
    if pbx is None and controller is None:
        return [ok("running", "系统没有运行（ivr up 启动）", "the system does not run (`ivr up` starts it)")]
    found = list(_alive("asterisk-alive", "Asterisk", pbx is not None))
    if pbx is not None and asterisk is not None:
        found += [
            *_journal(asterisk, var),
            _ami(site),
            *_drain(asterisk, var),
            *_dialplans(asterisk, var),
            *targets(site, _console(asterisk, var, CONTACTS)),
            *outdated(site, var),
        ]
    found += _alive("controller-alive", "controller", controller is not None)
    if supervisor.keeper_of(var / "run") is None:
        mend = ("启动 ivr up：它会接管正在运行的进程", "start `ivr up`: it takes over what runs")
        lonely = ("ivr up 没有运行：进程若退出，无人重新拉起", "`ivr up` does not run: what ends is not started again")
        found.append(bad("supervisor-alive", lonely, mend, "warning"))
    if controller is not None:
        status = system.health(site)
        where = f"{site.web_url}/healthz"
        said = f"{where}: {status or '—'}"
        look = (f"查看 {var}/log/controller.log", f"see {var}/log/controller.log")
        well = status in {"ok", "draining"}
        found.append(ok("healthz", said, said) if well else bad("healthz", (said, said), look))
        found += partners(site)
    return found


def _modules(asterisk: Installation | None) -> Iterator[Finding]:
    if asterisk is None:
        return
    lacking = sorted(fetch.NEEDED - asterisk.modules)
    optional = sorted(render.modules() - asterisk.modules - fetch.NEEDED)
    names = ", ".join(lacking or optional)
    if lacking:
        mend = ("安装完整的 Asterisk，或把它移出 PATH", "install a whole Asterisk, or take this one off PATH")
        yield bad(
            "modules", (f"Asterisk 缺少必需模块：{names}", f"Asterisk lacks modules that calls need: {names}"), mend
        )
    elif optional:
        mend = ("需要时安装相应模块", "install them if you need what they do")
        words = (f"Asterisk 缺少可选模块：{names}", f"Asterisk lacks optional modules: {names}")
        yield bad("modules", words, mend, "warning")
    else:
        yield ok("modules", "Asterisk 模块齐全", "Asterisk has every module")


def _ports(site: Site, var: Path) -> Iterator[Finding]:
    listen = site.listen
    wanted: dict[str, tuple[Address, int]] = {}
    if system.find_asterisk(var) is None:
        wanted |= {"sip": (listen.sip, ports.UDP), "ami": (listen.ami, ports.TCP)}
        secure = {"sip_tls": listen.sip_tls, "sip_mtls": listen.sip_mtls}
        wanted |= {name: (address, ports.TCP) for name, address in secure.items() if address}
        wanted |= {"ari": (listen.ari, ports.TCP)} if listen.ari else {}
    if system.find_controller(var) is None:
        wanted |= {"web": (listen.web, ports.TCP), "agi": (listen.agi, ports.TCP)}
    taken = {name: want for name, want in wanted.items() if not ports.is_free(*want)}
    for name, (address, kind) in taken.items():
        where = f"{address.host}:{address.port}/{'udp' if kind == ports.UDP else 'tcp'}"
        who = ports.holder(address.port, kind)
        words = (
            f"listen.{name} 的端口 {where} 不能使用，占用者：{who or '未知（或该地址不属于本机）'}",
            f"listen.{name}: {where} cannot be used, held by {who or 'nobody we see (or no address of ours)'}",
        )
        mend = (
            f"停止占用者，或在 {site.path} 的 [listen] 改 {name}",
            f"stop it, or change {name} under [listen] in {site.path}",
        )
        yield bad(f"port-{name}", words, mend)
    if wanted and not taken:
        yield ok("ports", "端口均可用", "all ports are free")


def _socket(var: Path) -> Iterator[Finding]:
    try:
        run = state.run_dir(var)
    except (HotlineError, OSError) as failure:
        mend = ("换一个可写且较短的 --var", "take a --var that is writable and shorter")
        yield bad("run-dir", (f"控制套接字目录不可用：{failure}", str(failure)), mend)
    else:
        yield ok("run-dir", f"控制套接字目录 {run}", f"Asterisk's socket goes to {run}")


def _prompts(site: Site, var: Path) -> Iterator[Finding]:
    try:
        waiting = len(prompts.outdated(site, var))
    except (HotlineError, OSError) as failure:
        yield bad("prompts", (f"提示音文件有误：{failure}", str(failure)), ("改正该文件", "mend that file"))
        return
    if waiting:
        yield ok("prompts", f"启动时将生成 {waiting} 条提示音", f"the start will make {waiting} prompts")
        return
    there: dict[str, set[str]] = {}
    for prompt in make.wanted(site):
        there.setdefault(prompt.name, set()).add(prompt.language)
    try:
        named = heard.in_force(site, var).named
    except Exception as failure:
        words = (
            f"无法得知拨号方案播放哪些提示音：{failure!r}",
            f"which prompts are played cannot be told: {failure!r}",
        )
        yield bad("prompts", words, ("ivr dialplan check", "ivr dialplan check"), "warning")
        return
    lacking = [one for one in judge.missing(there, site.hotline.languages, named) if one.severity == judge.PROBLEM]
    for fault in lacking:
        of_site = Path(named[fault.prompt]).parent.name == "site"  # a call goes on without it
        yield _of_prompt(fault, "warning" if of_site else "problem")
    if not lacking:
        yield ok("prompts", "提示音齐全", "every prompt is there")


def _quality(site: Site, var: Path) -> Iterator[Finding]:
    """What callers would hear badly keeps nothing from starting."""
    try:
        plays = heard.in_force(site, var)
        faults = judge.check(book.book(site, var, plays.places), site.hotline.languages, plays.named)
    except Exception:
        return  # told above
    for fault in faults:
        if fault.severity == judge.PROBLEM and fault.code != judge.NOT_THERE:
            yield _of_prompt(fault, "warning")


def _of_prompt(fault: judge.Fault, level: str) -> Finding:
    where = f"{fault.prompt} ({fault.language})"
    words = (f"提示音 {where}：{fault.message['zh']}", f"prompt {where}: {fault.message['en']}")
    return bad("prompts", words, (fault.mend["zh"], fault.mend["en"]), level)


def _zone(site: Site) -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo(site.hotline.timezone)
    except zoneinfo.ZoneInfoNotFoundError:
        words = (
            f"本机没有时区数据 {site.hotline.timezone}",
            f"this machine knows no time zone {site.hotline.timezone}",
        )
        yield bad("timezone", words, ("apt-get install tzdata", "apt-get install tzdata"), "warning")


def certificate(site: Site) -> Iterator[Finding]:
    """One that has run out keeps nothing from starting: the plain doors still serve, and peers judge it themselves."""
    if site.tls is None:
        return
    path, key = Path(site.tls.certificate), Path(site.tls.key)
    authority = path.with_name("ca.pem")  # of `ivr ca make`
    if authority.exists() and path.parent.name == "ca":
        mend = ("运行 ivr ca make，它会说明怎样启用", "run `ivr ca make`: it says how the new one comes into force")
        yield from _lasts("authority", ("根证书", "the authority"), authority, AUTHORITY_DAYS, TRUST_ANEW)
    else:
        mend = ("换上新证书，然后重新启动", "put a new certificate there, and start again")
    yield from _lasts("certificate", ("证书", "the certificate"), path, CERTIFICATE_DAYS, mend)
    with contextlib.suppress(OSError):
        if key.stat().st_mode & 0o077:
            words = (f"其他用户可读私钥 {key}", f"others can read the private key {key}")
            yield bad("private-key", words, (f"chmod 600 {key}", f"chmod 600 {key}"), "warning")


def _lasts(id: str, name: tuple[str, str], path: Path, least: int, mend: tuple[str, str]) -> Iterator[Finding]:
    """`least`: days before its end at which it is told."""
    zh, en = name
    try:
        begins, ends = tls.validity_of(str(path))
    except (OSError, ValueError) as failure:
        yield bad(id, (f"{zh}无法读取：{failure}", f"{en} cannot be read: {failure}"), mend, "warning")
        return
    now = datetime.now(UTC)
    days = (ends - now).days
    if now < begins:
        words = (f"{zh} {path} 自 {begins:%Y-%m-%d} 起才有效", f"{en} {path} holds from {begins:%Y-%m-%d} on only")
    elif now > ends:
        words = (f"{zh} {path} 已于 {ends:%Y-%m-%d} 过期", f"{en} {path} ran out on {ends:%Y-%m-%d}")
    elif days < least:
        words = (f"{zh} {path} 还有 {days} 天过期", f"{en} {path} runs out in {days} days")
    else:
        yield ok(id, f"{zh}有效至 {ends:%Y-%m-%d}", f"{en} holds until {ends:%Y-%m-%d}")
        return
    yield bad(id, words, mend, "warning")


def _alive(id: str, name: str, alive: bool) -> Iterator[Finding]:
    if alive:
        yield ok(id, f"{name} 正在运行", f"{name} runs")
    else:
        mend = ("确认 ivr up 在运行，它会重新拉起", "see that `ivr up` runs: it starts what has ended")
        yield bad(id, (f"{name} 没有运行", f"{name} does not run"), mend)


def _journal(asterisk: Installation, var: Path) -> Iterator[Finding]:
    """`apps=` without APP_START in `events=` switches CEL off with one line in a log: no call would be on record."""
    said = _console(asterisk, var, "cel show status")
    if "CEL Logging: Enabled" in said and "CEL_CUSTOM" in said.upper().replace(" ", "_"):
        yield ok("journal", "呼叫流水（CEL）正在记录", "the journal (CEL) is being written")
    else:
        mend = (f"查看 {var}/log/asterisk/messages.log", f"see {var}/log/asterisk/messages.log")
        yield bad("journal", ("呼叫流水（CEL）没有记录", "the journal (CEL) is not being written"), mend)


def _console(asterisk: Installation, var: Path, words: str) -> str:
    """What Asterisk's console answers; nothing where it does not."""
    command = [*asterisk.command, "-C", str(system.asterisk_conf(var)), "-rx", words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE).stdout  # noqa: S603
    except subprocess.TimeoutExpired:
        return ""


def _drain(asterisk: Installation, var: Path) -> Iterator[Finding]:
    if re.search(r"^\s*DRAIN=[1-9]", _console(asterisk, var, "dialplan show globals"), re.MULTILINE):
        words = ("新来电目前不受理（ivr drain）", "new calls are turned away (`ivr drain`)")
        yield bad("drain", words, ("ivr drain --cancel", "ivr drain --cancel"), "warning")


def _dialplans(asterisk: Installation, var: Path) -> Iterator[Finding]:
    """Which version runs, is it the one that is in force, and are its files what was published?"""
    versions = Versions(var)
    current = versions.current
    if current is None:
        return
    made = versions.get(current)
    found = re.search(r"^\s*SITE_VERSION=v(\d+)-", _console(asterisk, var, "dialplan show globals"), re.MULTILINE)
    running = int(found[1]) if found else None
    publish = ("ivr dialplan publish -m 原因", "ivr dialplan publish -m WHY")
    if versions.pending is not None:
        words = ("有一次发布没有完成，控制器会恢复上一版本", "a publish was not finished; the controller takes it back")
        yield bad("dialplans", words, ("启动控制器（ivr up）", "start the controller (`ivr up`)"), "warning")
    elif running != current:
        words = (
            f"Asterisk 运行版本 {running or '无'}，应为版本 {current}",
            f"Asterisk runs version {running or 'none'} of the dialplans, and {current} is in force",
        )
        yield bad("dialplans", words, publish)
    elif not versions.is_whole(current):
        words = (
            f"版本 {current} 的文件在发布后被改动：{versions.path(current)}",
            f"the files of version {current} were changed after they were published: {versions.path(current)}",
        )
        yield bad("dialplans", words, publish)
    else:
        words_ = f"{current} ({made.hash}, {made.by}, {made.at[:16]}Z)"
        yield ok("dialplans", f"拨号方案版本 {words_}", f"the dialplans are version {words_}")


def _ami(site: Site) -> Finding:
    address = site.listen.ami
    try:
        with socket.create_connection((system.reachable(address.host), address.port), PATIENCE) as link:
            banner = link.recv(64)
    except OSError:
        banner = b""
    if banner.startswith(b"Asterisk Call Manager"):
        return ok("ami", "AMI 正常", "AMI answers")
    mend = ("检查 [listen] ami 与防火墙", "check [listen] ami and the firewall")
    return bad("ami", ("AMI 没有应答", f"AMI does not answer on {address.host}:{address.port}"), mend)


def outdated(site: Site, var: Path) -> Iterator[Finding]:
    """Are the settings of the file in force, and does any of them wait for Asterisk's next start?"""
    if state.read(var).site_hash != system.site_hash(site):
        words = ("设置已改动，尚未生效", "the settings have changed and are not in force yet")
        yield bad("restart", words, ("ivr apply（通话不受影响）", "`ivr apply`: no call is touched"), "warning")
    started = system.started_with(site, var)
    keys = ", ".join(held.waiting(read(site.source, site.path, var), started)) if started is not None else ""
    if keys:
        words = (f"以下设置在下次启动时生效：{keys}", f"these settings come into force at the next start: {keys}")
        mend = ("通话少时停止并重新启动 ivr up", "stop `ivr up` and start it again when few calls are up")
        yield bad("restart-waiting", words, mend, "warning")
