"""Words of what is found by following a call's way: paths, variables, callers' data, guards."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialplan.code import Code, code

CALLERS_DATA: Mapping[str, Code] = {
    "unquoted-in-expression": code(
        "error",
        (
            "来电者可以决定 {what} 的内容，它在表达式里没有加引号：内容为空或含运算符时判断会出错。",
            "A caller chooses what {what} holds, and it stands unquoted in an expression: an empty word breaks it.",
        ),
        ('写成 "{what}"，比较的另一边也加引号。', 'Write "{what}", and quote the other side too.'),
    ),
    "caller-data-in-shell": code(
        "error",
        (
            "{where} 把来电者决定的 {what} 交给命令行：他可以在本机执行任意命令。",
            "{where} gives {what}, which a caller chooses, to a shell: he can run any command on this machine.",
        ),
        (
            "不要把来电者的数据交给命令行；改用 AGI，或先用 ${{FILTER(0-9,…)}} 过滤。",
            "Give no caller's data to a shell: use AGI, or let ${{FILTER(0-9,…)}} pass digits alone.",
        ),
    ),
    "caller-data-in-dial": code(
        "error",
        (
            "{where} 的呼叫目标含有来电者决定的 {what}：他可以加上别的目标或选项。",
            "{where} calls what {what} says, which a caller chooses: he can add destinations and options.",
        ),
        ("先用 ${{FILTER(0-9,…)}} 只留下数字。", "Let ${{FILTER(0-9,…)}} pass digits alone first."),
    ),
    "caller-data-in-agi": code(
        "error",
        (
            "{where} 的参数 {what} 由来电者决定：其中的逗号会变成新的参数。",
            "{where} is given {what}, which a caller chooses: a comma in it becomes another argument.",
        ),
        (
            "先用 ${{FILTER(0-9,…)}} 过滤，或用 ${{URIENCODE(…)}} 编码。",
            "Let ${{FILTER(0-9,…)}} pass what is needed, or encode it by ${{URIENCODE(…)}}.",
        ),
    ),
    "caller-data-as-code": code(
        "error",
        (
            "{where} 把来电者决定的 {what} 当作拨号方案来执行。",
            "{where} takes {what}, which a caller chooses, for words of the dialplan.",
        ),
        (
            "只在写明的几种值之间选择，或先用 FILTER 过滤。",
            "Choose among words that stand in the dialplan, or FILTER it first.",
        ),
    ),
    "toll-fraud": code(
        "error",
        (
            "{where} 会呼叫 {what}，它不是本热线的目标、坐席或本站点的上下文：可能拨到公网，产生话费。",
            "{where} calls {what}, no target, operator or context of this site: it may reach the public network.",
        ),
        (
            "在 hotline.toml 的 [targets] 中写上这个目标，再用 Gosub(transfer-order,…) 呼叫它。",
            "Name it under [targets] in hotline.toml and bring it in by Gosub(transfer-order,…).",
        ),
    ),
}

WAYS: Mapping[str, Code] = {
    "unset-variable": code(
        "warning",
        (
            "变量 {name} 在到达这里之前没有被赋值，它总是空的。",
            "Nothing that leads here sets {name}: it is always empty.",
        ),
        (
            "改正变量名，或先用 Set 赋值；要让其他呼叫腿继承，用 Set(__{name}=…) 。",
            "Correct the name, or Set it first; for other legs to inherit it, Set(__{name}=…).",
        ),
    ),
    "no-prompt": code(
        "error",
        (
            "语言 {languages} 没有语音 {name} ，来电者什么也听不到。",
            "There is no prompt {name} in {languages}: callers hear nothing.",
        ),
        (
            "在 prompts/{first}.toml 中加上它，或放入录音 prompts/recorded/{first}/{name}.wav 。",
            "Add it to prompts/{first}.toml, or as prompts/recorded/{first}/{name}.wav.",
        ),
    ),
    "endless-loop": code(
        "error",
        (
            "从 {first} 开始的循环没有出路：来电者不按键就永远转下去，没有人来接。",
            "The circle that begins at {first} has no way out for a caller who presses nothing; nobody comes.",
        ),
        (
            "每转一圈计数一次，到次数后转到队列，例如 GotoIf($[${{TRY}} < 3]?again) 。",
            "Count the turns and go on after some, such as GotoIf($[${{TRY}} < 3]?again).",
        ),
    ),
    "busy-loop": code(
        "error",
        (
            "从 {first} 开始的循环不花时间地等待：它会占满一个处理器。",
            "The circle that begins at {first} waits without taking time: it fills a processor.",
        ),
        ("在循环里加一步 Wait(0.2)，并限制次数。", "Put a Wait(0.2) into it, and count its turns."),
    ),
    "hangs-up": code(
        "error",
        (
            "有一条路在这里挂断，之前没有人工、没有队列、也没有说明原因。",
            "A way ends here with a hang-up, without a human, the queue or a word why.",
        ),
        (
            "用 Return() 让来电者到队列；自有号码先说明原因再 Set(GOODBYE=1) 。",
            "Return(), and the caller comes to the queue; a number of the site's own says why before Set(GOODBYE=1).",
        ),
    ),
    "hook-no-return": code(
        "warning",
        (
            "钩子的一条路在这里结束而没有 Return()：只有钩子自己结束，通话照常继续。",
            "A way through a hook ends here without Return(): only the hook ends by it, the call goes on.",
        ),
        ("写上 Return() 。", "End it with Return()."),
    ),
    "hook-leaves": code(
        "error",
        (
            "钩子跳进了核心的上下文 [{to}]：跑在那里的是钩子的呼叫腿，不是来电者。",
            "The hook jumps into core's [{to}]: the leg that runs there is the hook's, not the caller's.",
        ),
        ("用 Return() 返回，让核心决定下一步。", "Return(), and let core go on."),
    ),
    "long-greeting": code(
        "warning",
        (
            "从 [{entry}] 开始，来电者到这里已听了 {seconds} 秒：接通之前最多 5 秒 (R4, GB/T 33358)。",
            "From [{entry}] to here a caller has listened for {seconds} s; 5 s are allowed (R4, GB/T 33358).",
        ),
        (
            "缩短语音，或移到等待时播放 (site-while-waiting)。",
            "Shorten it, or say it while the caller waits (site-while-waiting).",
        ),
    ),
    "deep-menu": code(
        "warning",
        (
            "这个菜单在另一个菜单（{first}）的按键之后：最多只能有一层 (R4)。",
            "This menu stands behind a key of another ({first}): there may be one level (R4).",
        ),
        ("把选择合并成一个菜单。", "Make one menu of the two."),
    ),
    "closed-by-time": code(
        "error",
        (
            "打进热线的来电在这里按时间被结束：12345 全天候服务，不能“下班” (R6)。",
            "By the clock a call to the hotline is ended here: 12345 answers day and night (R6).",
        ),
        (
            "让每条路都 Return()；下班时间只影响本站点自己的号码。",
            "Let every way Return(); hours are for a site's own numbers alone.",
        ),
    ),
}

_CORE = ("恢复核心的原样：ivr dialplan diff 显示差别。", "Take core as it came: ivr dialplan diff shows what differs.")

GUARDS: Mapping[str, Code] = {
    "not-followed": code(
        "error",
        (
            "拨号方案超过 {limit} 步，没有逐步检查通话的走向。",
            "The dialplan has more than {limit} steps; the ways of its calls were not followed.",
        ),
        ("分成几个较小的方案，或删去用不到的部分。", "Make smaller ones of it, or delete what nobody needs."),
        guard=True,
    ),
    "guard-human": code(
        "error",
        (
            "打进热线的一个来电会在 {place} 结束，没有人工接听，也没有核心允许的原因。",
            "A call to the hotline may end at {place} without a human, or a reason that core allows.",
        ),
        _CORE,
        guard=True,
    ),
    "guard-emergency-key": code(
        "error",
        (
            "来电者在 {place} 等待时，按紧急键 {key} 到不了紧急目标 (R8)。",
            "While a caller waits at {place}, the emergency key {key} does not lead to the emergency target (R8).",
        ),
        _CORE,
        guard=True,
    ),
    "guard-blind": code(
        "error",
        (
            "这里会不经监督地把来电交给紧急目标 {target}：没有接通时来电者就无人照管。",
            "The caller is given to the emergency target {target} unsupervised: if it fails, nobody is with him.",
        ),
        (
            "用 Gosub(transfer-order,s,1({target},transfer,…)) 或 Goto(emergency,s,1) ；核心须保持原样。",
            "Use Gosub(transfer-order,s,1({target},transfer,…)) or GO_TO_TARGET; take core as it came.",
        ),
        guard=True,
    ),
    "guard-agi": code(
        "error",
        (
            "{place} 的 AGI 失败或不回答时，来电没有出路。",
            "If the AGI at {place} fails or never answers, the call has no way out.",
        ),
        (
            "之前写 Set(AGIEXITONHANGUP=yes) 和 Set(TIMEOUT(absolute)=3)，并写出 T 之后的步骤。",
            "Set(AGIEXITONHANGUP=yes) and Set(TIMEOUT(absolute)=3) before it, and say at T how the call goes on.",
        ),
        guard=True,
    ),
    "guard-core-changed": code(
        "error",
        (
            "核心文件 {name} 与产品的不同，从这一行开始。",
            "Core's {name} is not the product's; it differs from this line on.",
        ),
        (
            "恢复它；要改变来电的处理，写在本站点的钩子里 (dialplans/site)。",
            "Take it as it came; what is to be different belongs into a hook of the site's (dialplans/site).",
        ),
        guard=True,
    ),
    "guard-hook": code(
        "error",
        (
            "核心的 [{context}] 不再调用钩子 {hook}。",
            "Core's [{context}] does not call the hook {hook} any more.",
        ),
        _CORE,
        guard=True,
    ),
}

CODES: Mapping[str, Code] = {**CALLERS_DATA, **WAYS, **GUARDS}
