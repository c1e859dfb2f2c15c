"""What somebody must see of work orders at once: those that are late, and those that nobody signed for (R47). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.settings import Site
from ivr.store.work_orders import Count
from ivr.web.room_alarms import Alarm


def found(counts: Mapping[str, Count], site: Site) -> Iterator[Alarm]:
    for department, count in counts.items():
        names = site.departments[department].name if department in site.departments else {}
        zh, en = names.get("zh", department), names.get("en", department)
        if count.overdue:
            yield Alarm(
                f"orders_overdue:{department}",
                "orders_overdue",
                department,
                "warn",
                {
                    "zh": f"{zh}有 {count.overdue} 张工单超过时限未办结",
                    "en": f"{en} is late with {count.overdue} work order{'s' if count.overdue > 1 else ''}",
                },
                {
                    "zh": "请督办：在“工单”页查看超期工单，联系该单位；确需延期的由单位申请、班长审批",
                    "en": "see the overdue ones on the page Work orders and ring the department; where it needs more "
                    "time, it asks for it and a supervisor decides",
                },
                count.oldest,
            )
        if count.unsigned:
            yield Alarm(
                f"orders_unsigned:{department}",
                "orders_unsigned",
                department,
                "warn",
                {
                    "zh": f"{zh}有 {count.unsigned} 张工单超过签收时限",
                    "en": f"{en} has not signed for {count.unsigned} work order{'s' if count.unsigned > 1 else ''}",
                },
                {
                    "zh": "请联系该单位签收；派错的请撤回后改派",
                    "en": "ring the department; withdraw what went to the wrong one, and order it elsewhere",
                },
            )
