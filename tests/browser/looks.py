"""What every page is judged by, whoever it is for: what stands out to the side, and where the focus goes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

LOOKS = {"zh": ("light", "dark"), "en": ("dark",)}  # contrast is of the theme, names are of the language
NARROW = (320, 256)  # CSS px: what 400 % of zoom leaves of 1280 × 1024 (WCAG 2.2, 1.4.10)


def sideways(page: Page) -> list[str]:
    """What stands out to the right, but what lies in a region that scrolls by itself (tables, code, drawings).

    The shell's pages scroll in `#page`, public ones as a whole.
    """
    found: list[str] = page.evaluate("""() => {
      const alone = ["auto", "scroll", "hidden", "clip"];
      const scrolls = (box) => box && box.id !== "page" && box !== document.body
        && (alone.includes(getComputedStyle(box).overflowX) || scrolls(box.parentElement));
      const page = document.getElementById("page") ?? document.body;
      const wide = Math.max(document.documentElement.scrollWidth - innerWidth, page.scrollWidth - page.clientWidth);
      if (wide <= 1) return [];
      const out = [...document.querySelectorAll("body *")].filter((box) => !box.closest(".unseen, .skip")
        && box.getBoundingClientRect().right > innerWidth + 1 && !scrolls(box.parentElement));
      return [`${wide} px too wide`, ...out.slice(0, 5).map((box) => `${box.tagName}.${box.className}`)];
    }""")
    return found


def walk(page: Page, most: int) -> tuple[list[str], list[str]]:
    """Press Tab until the focus is where it has been. → those without a visible mark, all of them in order."""
    unseen, visited = [], []
    page.evaluate("globalThis.visited = []")
    for _ in range(most):
        page.keyboard.press("Tab")
        where: dict[str, object] = page.evaluate("""() => {
          const at = document.activeElement;
          if (!at || at === document.body) return { name: "" };
          const again = globalThis.visited.includes(at);
          globalThis.visited.push(at);
          const style = getComputedStyle(at);
          const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
          return { name: `${at.tagName}.${at.className}`, seen: seen && at.getBoundingClientRect().width > 0, again };
        }""")
        if where.get("again"):
            return unseen, visited
        if where["name"]:  # otherwise it is at the browser's own bar
            visited.append(str(where["name"]))
            if not where["seen"]:
                unseen.append(str(where["name"]))
    pytest.fail(f"Tab never came round: {visited[-10:]}")
