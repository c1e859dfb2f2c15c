"""A week of work orders for the pictures: one of every light, one that waits for more time, one that was done again."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.store import Store
from ivr.store.cases import Cases
from ivr.store.export import instant

DEPARTMENTS: Mapping[str, Mapping[str, Any]] = {
    "chengguan": {"name": {"zh": "城市管理局", "en": "City Management"}, "phone": "01065550001"},
    "shuiwu": {"name": {"zh": "水务局", "en": "Water Authority"}, "phone": "01065550002"},
    "gongan": {"name": {"zh": "公安局治安支队", "en": "Public Security"}, "phone": "01065550003"},
}
SHOWN = "order-of-the-picture"
WANG, LI = "chengguan/wangfang", "chengguan/liming"
MATTERS: tuple[tuple[str, str, str, str, float, float, str], ...] = (
    # cause, place, class, urgency, hours since it was ordered, hours to its end, department
    ("夜市油烟扰民，投诉三次未见改善", "南门外大街", "0103", "urgent", 30, -4, "chengguan"),
    ("自来水管爆裂，路面积水", "中山路与新华街路口", "0101", "very_urgent", 1.95, 0.08, "shuiwu"),
    ("小区门口摊贩占道，孩子上学绕行机动车道", "解放路 88 号", "0103", "general", 21, 4, "chengguan"),
    ("路灯连片不亮", "滨河小区 3 号楼前", "010101", "general", 3, 60, "chengguan"),
    ("健身器材损坏，老人摔伤", "人民广场东侧", "0101", "general", 1, 71, "chengguan"),
)


def of_a_week(store: Store) -> Awaitable[None]:
    return _Week(store).happened()


class _Week:
    def __init__(self, store: Store) -> None:
        self._now = datetime.now(UTC)
        self._at = self._now
        self._cases = Cases(store, "12345", clock=lambda: self._at)

    async def happened(self) -> None:
        for place, (cause, where, code, urgency, since, left, department) in enumerate(MATTERS):
            words = {"cause": cause, "place": where, "class_code": code, "urgency": urgency}
            case = await self._opened(since, words)
            await self._ordered(case, f"order-{place}", department, since, left)
        await self._shown()

    async def _opened(self, hours: float, words: Mapping[str, Any]) -> str:
        self._at = self._now - timedelta(hours=hours)
        return (await self._cases.open("张敏", "phone", words)).case.id

    async def _ordered(self, case: str, order: str, department: str, since: float, left: float, **more: Any) -> None:
        begun = self._now - timedelta(hours=since)
        data = {
            "order": order,
            "department": department,
            "due": instant(self._now + timedelta(hours=left)),
            "sign_by": instant(begun + timedelta(hours=8)),
            **more,
        }
        await self._cases.act(case, "张敏", "ordered", data)

    async def _shown(self) -> None:
        """Done, not well, opened again; now more time is asked for."""
        words = {
            "happened": "昨天傍晚六点",
            "place": "建国路 8 号院东门",
            "cause": "井盖破损，有人差点跌落",
            "course": "井盖裂成两半，晚上没有灯，物业说不归他们管",
            "kind": "complaint",
            "class_code": "0101",
            "urgency": "urgent",
            "tags": ["elder"],
            "confidential": True,
            "name": "赵女士",
            "caller": "13800138009",
        }
        case = await self._opened(50, words)
        task = {"words": "当天先放围挡，再修复；修好后请拍照", "joint": ["shuiwu"]}
        await self._ordered(case, SHOWN, "chengguan", 50, 40, **task)
        steps: tuple[tuple[float, str, str, Mapping[str, Any]], ...] = (
            (49, LI, "order_signed", {}),
            (48, "shuiwu/zhaolei", "order_done", {"result": "solved", "words": "已核实管线，可以更换"}),
            (30, LI, "order_done", {"result": "solved", "words": "已更换井盖"}),
        )
        for hours, by, kind, data in steps:
            await self._act(hours, case, by, kind, {"order": SHOWN, **data})
        said = {"reached": True, "satisfied": "no", "words": "车一过还响，睡不着"}
        await self._act(26, case, "张敏", "called_back", said)
        again = {"order": SHOWN, "reason": "井盖还响，来电人不满意", "due": instant(self._now + timedelta(hours=4))}
        await self._act(25, case, "周立群", "order_reopened", again)
        until = instant(self._now + timedelta(hours=30))
        asked = {"order": SHOWN, "until": until, "reason": "防响胶圈明天上午到货"}
        await self._act(1, case, WANG, "order_extension", asked)

    async def _act(self, hours: float, case: str, by: str, kind: str, data: Mapping[str, Any]) -> None:
        self._at = self._now - timedelta(hours=hours)
        await self._cases.act(case, by, kind, data)
