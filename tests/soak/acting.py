"""The people of the stories: each story's acts, done with its phones when their moments have come."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException

from tests.phones import Event, Phone, PhoneError
from tests.soak import script
from tests.soak.cast import Cast, Player, SoakHotline
from tests.soak.deaths import Deaths
from tests.soak.evidence import Ask, Done
from tests.soak.script import Act, Reply, Schedule
from tests.soak.stage import Line, Scene, Stage

LOOK = 0.03  # seconds between two looks at the phones
ANSWER_SECONDS = 30.0  # for the hotline to answer; Asterisk may have to come back first
MOMENT_SECONDS = {"target_rings": 8.0, "joined": 20.0, "released": 20.0, "back": 30.0, "over": 5.0, "asked": 1.0}
END_SECONDS = 15.0  # for all phones of a story to be free, after its caller is
BYE_SECONDS = 4.0  # until somebody who hears nobody hangs up: he waits a little
KEY_SECONDS = 0.25  # of voice that a key costs
CODES = {"busy": 486, "reject": 603, "unavailable": 503}
STATED = {script.CANCEL: "cancel", script.TAKE_BACK: "take_back", script.JOIN: "join", script.HAND_BACK: "hand_back"}


class Actors:
    def __init__(self, schedule: Schedule, hotline: SoakHotline, cast: Cast, stage: Stage, deaths: Deaths) -> None:
        self.schedule, self.hotline, self.cast, self.stage, self.deaths = schedule, hotline, cast, stage, deaths
        self.began = 0.0
        self.stop = threading.Event()

    # — whoever is called —————————————————————————————————————————————————————————————————————————————————————————————

    def take(self, scene: Scene, line: Line) -> None:
        """A phone rings: do what the story says."""
        if line.role == "operator":
            replies, count = scene.story.operators, sum(one.incoming for one in scene.of("operator"))
        else:
            replies, count = scene.story.desks, len(scene.of("desk", "department"))
        reply: Reply = replies[min(count, len(replies)) - 1]
        caller = scene.caller
        if caller is not None and caller.died is not None:  # nobody is at the other end; the call must end
            reply = Reply("answer", 0.3)
        try:
            if reply.how == "ring":
                self._let_ring(scene, line)
                return
            time.sleep(reply.after)
            if not line.alive:
                return
            if reply.how in CODES:
                line.refused = reply.how
                line.phone.answer(line.call, CODES[reply.how])
                return
            line.phone.answer(line.call)
            if reply.how == "drop":
                self._wait(lambda: line.talking or not line.alive, 5)
                time.sleep(script.WHISPER_TO_DROP)
                self._hang_up(line)
            else:
                self._stay(scene, line)
        except PhoneError:
            if line.alive:
                raise

    def _let_ring(self, scene: Scene, line: Line) -> None:
        """Until it is stopped; but a caller who is dead can only be ended by an answer."""
        while line.alive and not self.stop.is_set():
            caller = scene.caller
            if caller is not None and caller.died is not None:
                line.phone.answer(line.call)
                self._stay(scene, line)
                return
            time.sleep(0.2)

    def _stay(self, scene: Scene, line: Line) -> None:
        """In the talk, until the story or the other side ends it; who hears nobody, since the caller died, hangs up."""
        while line.alive and not self.stop.is_set():
            caller = scene.caller
            silent = caller.died if caller is not None else None
            if (
                silent is not None
                and line.answered is not None
                and time.time() > max(silent, line.answered) + BYE_SECONDS
            ):
                self._hang_up(line)
                return
            time.sleep(0.2)

    def transferred(self, phone: Phone, event: Event) -> None:
        """The phone is told that its transfer has gone well: it hangs up, as phones do (RFC 5589 6.1)."""
        if event.what["final"] and int(event.what["code"]) // 100 == 2:
            for line in self.stage.lines():
                if line.phone is phone and line.call == event.call:
                    self._hang_up(line)

    # — a caller's stories ————————————————————————————————————————————————————————————————————————————————————————————

    def tell_stories(self, number: int) -> None:
        player = self.cast.callers[number]
        for story in self.schedule.of_caller(number):
            time.sleep(story.pause)
            if self.stop.is_set() or time.monotonic() - self.began > self.schedule.minutes * 60:
                return
            self._wait(lambda: player.phone is not None and player.phone.alive, 60)
            scene = self.stage.open(story)
            try:
                self._play(scene, player)
            except PhoneError as trouble:
                if not any(line.died or self._cut(line) for line in scene.lines):
                    scene.notes.append(f"the story could not go on: {trouble}")
            finally:
                self._end(scene)

    def _play(self, scene: Scene, player: Player) -> None:
        story = scene.story
        if story.handed_over_by is not None:
            player = self.cast.handing_over
        phone = player.phone
        assert phone is not None
        began = time.time()
        call = phone.call(self.hotline.uri, from_user=story.number)
        caller = self.stage.add(scene, player, phone, call, False, began)
        if not self._wait_for(scene, lambda: scene.has_come("answered") or not caller.alive, ANSWER_SECONDS):
            scene.notes.append(f"the hotline did not answer within {ANSWER_SECONDS:g} s")
            return
        if not caller.talking:
            return
        if story.key and not any(act.when == "answered" for act in story.acts):
            self._pause(scene, story.key_after)
            self._press(caller, story.key)
            if story.key == "0":
                scene.asked_at = time.time()
        for act in story.acts:
            if not self._act(scene, act):
                break
        if caller.talking and story.acts[-1].do == "hang_up":
            self._wait_for(scene, lambda: not caller.talking, script.LINGER)

    def _act(self, scene: Scene, act: Act) -> bool:
        """Wait for the moment and do it; False where that cannot be any more."""
        caller = scene.caller
        assert caller is not None
        patience = MOMENT_SECONDS.get(act.when, scene.story.patience)
        if not self._wait_for(
            scene, lambda: scene.has_come(act.when) or (act.when != "over" and not caller.talking), patience
        ):
            if act.when == "talking" and caller.talking:
                scene.notes.append(f"no operator came within {patience:g} s")
            return False
        self._pause(scene, act.after)
        if act.when != "over" and not caller.talking:
            return False
        who = {"caller": caller, "operator": scene.operator, "desk": scene.desk}[act.who]
        if act.when == "over" and act.who == "operator":
            who = next((line for line in reversed(scene.of("operator")) if line.talking), None)
        if who is None:
            return act.when in ("talking", "back")  # he has died or left; the next act may find another one
        self._do(scene, act, who)
        scene.acted_at = time.time()
        return True

    def _do(self, scene: Scene, act: Act, who: Line) -> None:
        if act.do == "hang_up":
            self._hang_up(who)
        elif act.do == "keys":
            (digits,) = act.what
            if digits in STATED:
                scene.done.append(Done(time.time(), STATED[digits]))
            elif digits == "0":
                scene.asked_at = time.time()
            self._press(who, digits)
        elif act.do == "ask":
            self._ask(scene, who, *act.what)
        elif act.do == "second_line":
            self._second_line(scene, who, *act.what)
        elif act.do == "attended":
            self._attended(scene, who)
        else:
            raise ValueError(act.do)

    def _hang_up(self, line: Line) -> None:
        if line.alive:
            line.left = time.time()
            line.phone.hangup(line.call, wait=False)

    def _press(self, line: Line, digits: str) -> None:
        now = time.time()
        line.mute.append((now, now + 0.2 + KEY_SECONDS * len(digits)))
        line.phone.dtmf(digits, call=line.call)

    # — asking for a target ———————————————————————————————————————————————————————————————————————————————————————————

    def _ask(self, scene: Scene, operator: Line, target: str, mode: str, trigger: str) -> None:
        scene.asked_at = time.time()
        self._look_at(scene)
        if trigger in ("url_key", "api"):
            asked = Ask(scene.asked_at, target, mode, trigger)
            scene.asks.append(asked)
            done = self._ask_by_web(scene, operator, target, mode, trigger)
            if done:
                return
            scene.asks.remove(asked)
            if done is None:
                scene.asks.append(replace(asked, certain=False))
            trigger = "key"  # as an operator would: the screen does not do it, the phone does
            scene.asked_at = time.time()
        scene.asks.append(Ask(scene.asked_at, target, mode, trigger))
        if trigger == "key":
            self._press(operator, script.KEYS[target, mode])
        else:
            operator.phone.refer(f"sip:{target}@{self.hotline.server}", call=operator.call)

    def _ask_by_web(self, scene: Scene, operator: Line, target: str, mode: str, trigger: str) -> bool | None:
        """Whether the controller said yes, or no; None where it said nothing."""
        try:
            if trigger == "url_key":
                token = self.hotline.credentials["phone_keys"][operator.player.party]
                return self.hotline.api("GET", f"/api/v1/phone/{token}/{mode}/{target}", token="").status == 200
            listed = self.hotline.api("GET", f"/api/v1/calls?caller={scene.story.number}&limit=1")
            if listed.status != 200 or not listed.body["calls"]:
                return False
            body = {"target": target, "mode": mode, "operator": operator.player.party}
            call = listed.body["calls"][0]["id"]
            return self.hotline.api("POST", f"/api/v1/calls/{call}/transfers", body).status == 202
        except (OSError, HTTPException):
            return None

    def _second_line(self, scene: Scene, operator: Line, target: str) -> None:
        """The operator holds the caller and dials the target on his second line."""
        operator.held = time.time()
        operator.phone.hold(call=operator.call)
        scene.asked_at = time.time()
        scene.done.append(Done(scene.asked_at, "second_line"))
        self._look_at(scene)
        call = operator.phone.call(f"sip:{target}@{self.hotline.server}")
        self.stage.add(scene, operator.player, operator.phone, call, False, scene.asked_at)

    def _attended(self, scene: Scene, operator: Line) -> None:
        second = next((one for one in reversed(scene.of("operator")) if not one.incoming and one.talking), None)
        if second is None:
            return
        scene.asks.append(Ask(time.time(), "110", "transfer", "attended_refer"))
        operator.phone.attended(second.call, call=operator.call)
        self._wait_for(scene, lambda: not operator.alive and not second.alive, 6.0)
        for line in (second, operator):  # without a controller the phone hangs up by itself (RFC 5589 7.1)
            self._hang_up(line)

    # — time ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _look_at(self, scene: Scene) -> None:
        """Note the moments that have come; what is to die then, dies."""
        for death in self.schedule.of_story(scene.story.index):
            if death.moment not in scene.reached and scene.has_come(death.moment):
                scene.reached[death.moment] = time.time()
                for one in self.schedule.of_story(scene.story.index):
                    if one.moment == death.moment:
                        self.deaths.begin(one, scene)

    def _wait_for(self, scene: Scene, there: Callable[[], bool], seconds: float) -> bool:
        def look() -> bool:
            self._look_at(scene)
            return there()

        return self._wait(look, seconds)

    def _pause(self, scene: Scene, seconds: float) -> None:
        caller = scene.caller
        self._wait_for(scene, lambda: caller is not None and not caller.alive, seconds)

    @staticmethod
    def _wait(there: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not there():
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK)
        return True

    def _cut(self, line: Line) -> bool:
        over = line.ended or time.time()
        return any(line.began <= start <= over for start, _ in self.deaths.world.asterisk_down)

    def _end(self, scene: Scene) -> None:
        """The caller hangs up, if nobody else has; then every phone of the story is free, or that is a difference."""
        caller = scene.caller
        if caller is not None and caller.alive:
            with contextlib.suppress(PhoneError):
                self._hang_up(caller)

        def free() -> bool:
            return not any(line.alive for line in scene.lines)

        if not self._wait(free, END_SECONDS):
            # Where Asterisk died nobody tells the phones: they end when it is well again.
            stuck = ", ".join(line.player.name for line in scene.lines if line.alive and not self._cut(line))
            if stuck:
                scene.notes.append(f"{stuck} still in the call {END_SECONDS:g} s after it was over")
            for line in scene.lines:
                with contextlib.suppress(PhoneError):
                    self._hang_up(line)
        scene.over_at = time.time()
