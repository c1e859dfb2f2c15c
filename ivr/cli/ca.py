"""`ivr ca`: an authority of one's own, and this hotline's certificate by it."""

from __future__ import annotations

import json as json_words
from datetime import UTC, datetime
from typing import Annotated

import typer

from ivr import ca
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.settings import SettingsError, Site

app = typer.Typer(help="Certificates by an authority of one's own, where nobody else signs any.", no_args_is_help=True)

SETTINGS = """[tls]
certificate = "{var}/ca/server.pem"
key = "{var}/ca/server.key"
web = true
"""

NEW = {
    "zh": "已新建根证书（CA）：{authority}\n  有效至 {authority_ends:%Y-%m-%d}，SHA-256 指纹 {fingerprint}",
    "en": "A new authority (CA): {authority}\n  it holds until {authority_ends:%Y-%m-%d}, SHA-256 {fingerprint}",
}
OLD = {
    "zh": "沿用原有根证书（CA）：{authority}\n  有效至 {authority_ends:%Y-%m-%d}，各电脑无须重新信任",
    "en": "By the authority that was there: {authority}\n"
    "  it holds until {authority_ends:%Y-%m-%d}; no machine has to trust anew",
}
CERTIFICATE = {
    "zh": "服务器证书：{certificate}\n"
    "  有效至 {ends:%Y-%m-%d}，适用于 {hosts}\n"
    "  到期前 30 天 ivr doctor 会提醒；再次执行 ivr ca make 即换新",
    "en": "The server's certificate: {certificate}\n  it holds until {ends:%Y-%m-%d}, for {hosts}\n"
    "  `ivr doctor` warns 30 days before; `ivr ca make` makes the next one",
}
USE = {
    "zh": "启用：在 {site} 中写入（SIP 加密另设 listen.sip_tls），然后重新启动 ivr up：",
    "en": "To use it, write this into {site} (and listen.sip_tls for SIP), then start `ivr up` again:",
}
USED = {
    "zh": "{site} 已使用此证书：systemctl reload（或向 ivr up 发 SIGUSR1）后网页换新，通话不受影响；\n"
    "SIP 在 Asterisk 下次启动时换新。",
    "en": "{site} uses it already: `systemctl reload` (SIGUSR1 to `ivr up`) brings it to the pages, calls go on;\n"
    "SIP has it from Asterisk's next start on.",
}
TRUST = {
    "zh": """让各电脑信任（每台一次，只复制 ca.pem；切勿复制 ca.key）：
  Windows      以管理员身份运行  certutil -addstore -f Root ca.pem
               域内统一下发：组策略 → 公钥策略 → 受信任的根证书颁发机构
  macOS        sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ca.pem
  统信、麒麟、Debian  sudo cp ca.pem /usr/local/share/ca-certificates/hotline.crt && sudo update-ca-certificates
  Linux 上的 Chrome   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n hotline -i ca.pem
  Firefox      设置 → 隐私与安全 → 查看证书 → 导入（或启用 security.enterprise_roots.enabled）
  桌面话机     在话机网页的“受信任证书”中上传 ca.pem
核对：浏览器中显示的根证书指纹应与上面一致。ca.key 只用于签发，平时可移到离线介质保存。""",
    "en": """To trust it (once on each machine; copy ca.pem alone, never ca.key):
  Windows      as administrator:  certutil -addstore -f Root ca.pem
               for a whole domain: Group Policy, Public Key Policies, Trusted Root Certification Authorities
  macOS        sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ca.pem
  Debian, Ubuntu  sudo cp ca.pem /usr/local/share/ca-certificates/hotline.crt && sudo update-ca-certificates
  Chrome on Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n hotline -i ca.pem
  Firefox      Settings, Privacy & Security, View Certificates, Import (or security.enterprise_roots.enabled)
  desk phones  upload ca.pem on the phone's own page, under trusted certificates
Compare the fingerprint that the browser shows with the one above. ca.key is for signing alone: keep it off the machine
if you can.""",
}


@app.callback()
def group() -> None:
    """Certificates by an authority of one's own, where nobody else signs any."""


def _site(start: Context) -> Site | None:
    """None where nothing but the certificate is wrong with the settings: it may be named there before it is made."""
    try:
        return start.file
    except SettingsError as failure:
        if all(problem.startswith("tls.") for problem in failure.problems):
            return None
        raise


@app.command("make")
def make(
    context: typer.Context,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", help="A name or address by which the hotline is reached; again for more of them."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make this hotline's certificate, and the authority that signs it where there is none yet.

    Example: ivr ca make --host hotline.city.gov.cn --host 10.1.2.3
    """
    start: Context = context.obj
    site, files = _site(start), ca.files_in(start.var)
    hosts = host or ca.hosts_of(site)
    name = f"{site.hotline.number} {site.hotline.node}" if site is not None else "hotline"
    made = ca.make(files.folder, name, hosts, datetime.now(UTC))
    if json:
        told = {
            "authority": str(files.authority), "authority_is_new": made.authority_is_new,
            "authority_ends": made.authority_ends.isoformat(), "fingerprint": made.fingerprint,
            "certificate": str(files.certificate), "key": str(files.key), "ends": made.ends.isoformat(),
            "hosts": list(made.hosts),
        }  # fmt: skip
        typer.echo(json_words.dumps({"ca": told}, ensure_ascii=False))
        return
    words = language()
    used = site is None or (site.tls is not None and site.tls.certificate == str(files.certificate))
    values = {
        "authority": files.authority, "authority_ends": made.authority_ends, "fingerprint": made.fingerprint,
        "certificate": files.certificate, "ends": made.ends, "hosts": ", ".join(made.hosts), "site": start.site_path,
    }  # fmt: skip
    said = [(NEW if made.authority_is_new else OLD)[words], CERTIFICATE[words], (USED if used else USE)[words]]
    parts = [part.format(**values) for part in said]
    parts += [] if used else [SETTINGS]
    parts += [TRUST[words]] if made.authority_is_new else []
    typer.echo("\n".join(parts))
