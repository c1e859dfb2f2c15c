"""Asterisk's configuration from a site's settings: `asterisk_conf/*.j2` → `{var}/etc/*.conf`, all of it, at each start of Asterisk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ivr.credentials import Credentials
from ivr.pbx.fetch import Installation
from ivr.settings import Site, Target

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "asterisk_conf"
DIALPLANS = ROOT / "dialplans"

# Everything that the dialplans and the controller use, in the order in which it loads; an Asterisk that lacks an optional one does without.
MODULES = (
    "res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb "
    "res_crypto res_pjproject res_pjsip res_pjsip_session res_rtp_asterisk res_srtp res_pjsip_sdp_rtp "
    "res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_empty_info "
    "res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_header_funcs res_pjsip_nat "
    "res_pjsip_pubsub res_pjsip_refer res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_acl res_pjsip_notify "
    "chan_pjsip func_pjsip_aor func_pjsip_contact func_pjsip_endpoint "
    "codec_alaw codec_ulaw codec_a_mu codec_resample format_wav format_pcm res_musiconhold "
    "bridge_simple bridge_softmix bridge_holding bridge_builtin_features bridge_builtin_interval_features bridge_native_rtp "
    "res_http_websocket res_websocket_client res_stasis res_ari_model res_stasis_answer res_stasis_playback res_stasis_recording "
    "res_stasis_snoop res_stasis_device_state res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels "
    "res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks app_stasis "
    "res_speech res_agi res_cdrel_custom cel_custom cel_manager res_security_log res_manager_devicestate "
    "app_bridgeaddchan app_bridgewait app_celgenuserevent app_channelredirect app_chanspy app_dial app_exec app_mixmonitor "
    "app_originate app_playback app_playtones app_queue app_read app_softhangup app_stack app_userevent app_verbose app_while "
    "func_callerid func_channel func_cut func_db func_devstate func_dialplan func_global func_hangupcause func_lock func_logic "
    "func_math func_md5 func_pjsip_endpoint func_rand func_sha1 func_strings func_timeout func_uri func_jitterbuffer pbx_config"
).split()

# Read by Asterisk's core, which complains when they are missing; we have nothing to say in them.
EMPTY = ("acl", "ccss", "pjproject", "queuerules", "udptl", "websocket_client")


@dataclass(frozen=True, slots=True)
class Feature:
    """A key in a call: features.conf's name, the digits, the context that runs on the leg that pressed them."""

    name: str
    digits: str
    context: str
    arguments: tuple[str, ...] = ()


def operator_features(site: Site) -> Iterator[Feature]:
    """The keys of an operator's leg: one a target and mode, then those that hold for every target."""
    for target in site.targets.values():
        for mode, digits in target.keys.items():
            yield Feature(f"{target.key}-{mode}", digits, "transfer-key", (target.key, mode))
    yield Feature("cancel", site.keys.cancel, "transfer-cancel")
    yield Feature("take-back", site.keys.take_back, "take-back")
    yield Feature("join", site.keys.join, "consult-join")


def desk_features(target: Target) -> Iterator[Feature]:
    """The keys of a desk's leg."""
    contexts = {"hand_back": "hand-back", "pull_in": "pull-in"}
    for action, digits in target.desk_keys.items():
        yield Feature(f"{target.key}-{action}", digits, contexts[action])


def queues(site: Site) -> Mapping[str, tuple[str, ...]]:
    """Queue name → operator numbers: one a skill, and the overflow with everybody."""
    by_skill = {
        f"q-{skill}": tuple(o.number for o in site.operators.values() if skill in o.skills) for skill in site.skills
    }
    return by_skill | {"q-overflow": tuple(site.operators)}


def render(
    site: Site, var: Path, asterisk: Installation, credentials: Credentials, mark: str, ari_port: int, run: Path
) -> Path:
    """Write every file that Asterisk reads (mode 0600) and lay out its folders; returns the path of asterisk.conf.

    `run` is the folder of Asterisk's control socket (short: a socket's path has 107 bytes). The mark is new at each start.
    """
    var = var.absolute()
    etc = var / "etc"
    for folder in (
        "etc",
        "lib/keys",
        "data",
        "spool",
        "log/asterisk",
        "journal",
        "recordings",
        "prompts",
        "moh",
        "run",
    ):
        (var / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    _link(var / "log/asterisk/cel-custom", Path("../../journal"))
    _link(var / "data/sounds", Path("../prompts"))
    for shared in ("documentation", "rest-api"):
        if (asterisk.data_dir / shared).exists():
            _link(var / "data" / shared, (asterisk.data_dir / shared).absolute())

    operator = tuple(operator_features(site))
    desks = {target.key: tuple(desk_features(target)) for target in site.targets.values()}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 — no HTML
    )
    values = {
        "site": site,
        "var": var,
        "root": ROOT,
        "run": run,
        "asterisk": asterisk,
        "credentials": credentials,
        "mark": mark,
        "ari_port": ari_port,
        "python": sys.executable,
        "modules": [name for name in dict.fromkeys(MODULES) if name in asterisk.modules],
        "queues": queues(site),
        "features": (*operator, *(feature for features in desks.values() for feature in features)),
        "operator_features": [feature.name for feature in operator],
        "desk_features": {key: [feature.name for feature in features] for key, features in desks.items()},
        "dialplans": sorted((DIALPLANS / "core").glob("*.conf")) + sorted((DIALPLANS / "site").glob("*.conf")),
    }
    wanted = set()
    for template in sorted(TEMPLATES.glob("*.j2")):
        path = etc / template.stem
        wanted.add(path)
        _write(path, environment.get_template(template.name).render(values))
    for name in EMPTY:
        path = etc / f"{name}.conf"
        wanted.add(path)
        _write(path, "; Nothing to say here.\n")
    for stale in set(etc.glob("*.conf")) - wanted:
        stale.unlink()
    return etc / "asterisk.conf"


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and Path(os.readlink(path)) == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _write(path: Path, text: str) -> None:
    """Replace at once, readable by the owner alone: the files carry passwords."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
