"""Words of what is found in the text: places, names, arguments, patterns, suppressions."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialplan.code import Code, code

PLACES: Mapping[str, Code] = {
    "no-such-place": code(
        "error",
        (
            "要去的地方不存在：{place}。呼叫走到这里就会断。",
            "There is no such place: {place}. A call that comes here ends.",
        ),
        (
            "改正上下文、号码、优先级或标签{like}。",
            "Correct the context, the extension, the priority or the label{like}.",
        ),
    ),
    "never-reached": code(
        "error",
        (
            "{place} 永远不会执行：前一步 {before} 不会继续。",
            "No call comes to {place}: {before} before it does not go on.",
        ),
        ("删去它，或给它一个标签并从别处跳来。", "Delete it, or give it a label that another step goes to."),
    ),
    "never-reached-gap": code(
        "error",
        ("{place} 永远不会执行：没有优先级 {before}。", "No call comes to {place}: there is no priority {before}."),
        ("补上缺少的优先级，或改用 n。", "Write the missing priority, or use n."),
    ),
    "context-twice": code(
        "error",
        ("上下文 [{name}] 写了两次，第一次在 {first}。", "The context [{name}] is written twice; first at {first}."),
        (
            "另取名称；确要追加时写 [{name}](+) 。",
            "Give it another name; if you mean to add to it, write [{name}](+) .",
        ),
    ),
    "step-twice": code(
        "error",
        (
            "{place} 写了两次，第一次在 {first}；Asterisk 丢弃这一个。",
            "{place} is written twice, first at {first}; Asterisk drops this one.",
        ),
        ("删去其中一个，或改正号码或优先级。", "Delete one of them, or correct the extension or the priority."),
    ),
    "label-twice": code(
        "error",
        (
            "标签 {name} 在同一号码中用了两次，第一次在 {first}。",
            "The label {name} stands twice in the extension, first at {first}.",
        ),
        ("另取一个标签。", "Give it another name."),
    ),
    "no-such-context": code(
        "error",
        ("include 的上下文 [{name}] 不存在。", "There is no context [{name}] to include."),
        ("改正名称，或删去这一行。", "Correct the name, or delete the line."),
    ),
    "include-loop": code(
        "error",
        ("上下文互相包含，成了一圈：{way}", "Contexts include one another in a circle: {way}"),
        ("删去其中一个 include。", "Delete one of the include lines."),
    ),
}

NAMES: Mapping[str, Code] = {
    "no-such-application": code(
        "error",
        (
            "Asterisk 没有名为 {name} 的应用；执行到它的呼叫会断。",
            "Asterisk has no application {name}; a call that comes to it ends.",
        ),
        ("改正名称{like}。", "Correct the name{like}."),
    ),
    "application-not-loaded": code(
        "error",
        (
            "应用 {name} 属于模块 {module}，本系统没有加载它。",
            "The application {name} belongs to the module {module}, which is not loaded here.",
        ),
        (
            "改用已加载的应用；确有需要时请产品方加载该模块。",
            "Use one that is loaded; if you must have it, ask for the module to be loaded.",
        ),
    ),
    "no-such-function": code(
        "error",
        (
            "Asterisk 没有名为 {name} 的函数，结果总是空。",
            "Asterisk has no function {name}; what it gives is always empty.",
        ),
        ("改正名称{like}；函数名区分大小写。", "Correct the name{like}; capitals matter."),
    ),
    "function-not-loaded": code(
        "error",
        (
            "函数 {name} 属于模块 {module}，本系统没有加载它。",
            "The function {name} belongs to the module {module}, which is not loaded here.",
        ),
        (
            "改用已加载的函数；确有需要时请产品方加载该模块。",
            "Use one that is loaded; if you must have it, ask for the module to be loaded.",
        ),
    ),
    "no-such-script": code(
        "error",
        ("没有 AGI 程序 {name}。", "There is no AGI program {name}."),
        ("改正名称或路径{known}。", "Correct its name or path{known}."),
    ),
}

ARGUMENTS: Mapping[str, Code] = {
    "too-few-arguments": code(
        "error",
        ("{application} 缺少第 {number} 个参数。", "{application} needs its argument {number}."),
        (
            '补上参数；“ivr console "core show application {application}"”列出全部参数。',
            'Add it; `ivr console "core show application {application}"` lists them all.',
        ),
    ),
    "too-many-arguments": code(
        "error",
        (
            "{application} 最多有 {most} 个参数，这里有 {number} 个。",
            "{application} has at most {most} arguments; here are {number}.",
        ),
        ("删去多余的参数；文字里的逗号写成 \\, 。", "Delete what is too much; a comma within a text is written \\, ."),
    ),
    "arguments-shape": code(
        "error",
        ("{application} 的参数里缺少“{separator}”。", "The arguments of {application} lack a {separator}."),
        (
            "写成 Set(变量=值) 或 GotoIf(条件?去处) 的样子。",
            "Write it like Set(NAME=value) or GotoIf(condition?place).",
        ),
    ),
    "expression-open": code(
        "error",
        (
            "此处的 {opening} 没有关闭，其余内容会被当作文字。",
            "The {opening} here is never closed; what follows is taken for text.",
        ),
        ("补上对应的 }} 或 ] 。", "Write the }} or ] that is missing."),
    ),
    "quote-open": code(
        "error",
        ("表达式 $[…] 里的引号没有成对。", "A quote in the expression $[…] is never ended."),
        ("补上缺少的引号。", "Write the quote that is missing."),
    ),
    "no-such-option": code(
        "error",
        (
            "{application} 没有选项 {option}，Asterisk 会悄悄忽略它。",
            "{application} has no option {option}; Asterisk ignores it silently.",
        ),
        ("可用的选项：{known}", "Its options are: {known}"),
    ),
}

PATTERNS: Mapping[str, Code] = {
    "pattern-swallows": code(
        "error",
        ("号码模式 {pattern} 会吞掉 {numbers}。", "The pattern {pattern} swallows {numbers}."),
        (
            "缩小模式，或在同一上下文中为这些号码单独写出去处。",
            "Make it narrower, or write these numbers out in the same context.",
        ),
    ),
    "number-taken": code(
        "error",
        (
            "{number} 不能作为本地自有号码：它是紧急号码或热线号码。",
            "{number} cannot be a number of the site's own: it is an emergency number or the hotline's.",
        ),
        ("换一个号码。", "Choose another number."),
        guard=True,
    ),
    "key-taken": code(
        "error",
        (
            "{key} 是紧急键，不能另作他用；这段方案不会被执行。",
            "{key} is the emergency key and nothing else; this is never run.",
        ),
        ("换一个按键。", "Choose another key."),
        guard=True,
    ),
    "pattern-wrong": code(
        "error",
        ("号码模式 {pattern} 有误：{zh}。", "The pattern {pattern} is wrong: {en}."),
        (
            "模式以 _ 开头，X 为 0-9，Z 为 1-9，N 为 2-9，[15-7] 为其中之一，. 为一位或更多，! 为任意。",
            "A pattern begins with _; X is 0-9, Z 1-9, N 2-9, [15-7] one of these, . one or more, ! any.",
        ),
    ),
    "no-pattern": code(
        "warning",
        (
            "{extension} 看起来是号码模式，但没有以 _ 开头，只会匹配这几个字符本身。",
            "{extension} looks like a pattern but has no _ before it: it takes these very letters only.",
        ),
        ("写成 _{extension} 。", "Write _{extension} ."),
    ),
    "shadowed": code(
        "error",
        (
            "{extension} 永远不会用到：{by} 接受同样的号码，并且写在前面。",
            "{extension} is never used: {by} above takes the same numbers.",
        ),
        ("删去其中一个。", "Delete one of them."),
    ),
    "hidden": code(
        "warning",
        (
            "从 [{context}] 来的呼叫到不了 {extension}：那里的 {by} 先接走。",
            "A call from [{context}] never comes to {extension}: {by} there takes it first.",
        ),
        (
            "缩小 {by}，或把它放进一个最后才包含的上下文。",
            "Make {by} narrower, or put it into a context that is included last.",
        ),
    ),
}

SITE: Mapping[str, Code] = {
    "core-context": code(
        "error",
        (
            "[{name}] 是核心的上下文，本地文件不得改动或追加。",
            "[{name}] is core's; a site's file must not change it or add to it.",
        ),
        ("改用钩子，例如 [site-before-greeting]。", "Use a hook instead, such as [site-before-greeting]."),
        guard=True,
    ),
    "no-heading": code(
        "error",
        (
            "此行上面没有上下文标题，会落入前一个文件的最后一个上下文 [{name}]：{text}",
            "No heading stands above this line; it goes into the last context of the file before, [{name}]: {text}",
        ),
        (
            "在它上面写上下文标题，如 [site-before-greeting]。",
            "Write a heading above it, such as [site-before-greeting].",
        ),
        guard=True,
    ),
    "site-name": code(
        "error",
        ("本地上下文须以 site- 开头：[{name}]", "A site's context is named site-…: [{name}]"),
        ("改名为 [site-{name}]，并改正指向它的步骤。", "Name it [site-{name}], and correct the steps that go there."),
        guard=True,
    ),
    "reserved-section": code(
        "error",
        (
            "本地文件中不得有 [{name}]：它由 hotline.toml 生成。",
            "[{name}] has no place in a site's file: it is made from hotline.toml.",
        ),
        ("删去这一节；要改的值写进 hotline.toml。", "Delete the section; change the values in hotline.toml."),
        guard=True,
    ),
    "never-entered": code(
        "warning",
        (
            "没有呼叫会进入 [{name}]：它不是钩子，也没有步骤指向它。",
            "No call enters [{name}]: it is no hook, and no step goes there.",
        ),
        ("改正名称{like}，或删去它。", "Correct the name{like}, or delete it."),
    ),
}

ALLOW: Mapping[str, Code] = {
    "allow-wrong": code(
        "error",
        ("看不懂这条许可：{text}", "This permission cannot be understood: {text}"),
        ("写成 ;! allow 代码: 原因 。", "Write ;! allow CODE: reason ."),
        guard=True,
    ),
    "allow-no-reason": code(
        "error",
        ("许可 {code} 没有写原因，因此无效。", "{code} is allowed without a reason, which allows nothing."),
        ("写成 ;! allow {code}: 原因 。", "Write ;! allow {code}: reason ."),
        guard=True,
    ),
    "allow-unknown": code(
        "error",
        ("没有名为 {code} 的检查。", "There is no check named {code}."),
        ("改用报告中给出的代码{like}。", "Use the code that the report names{like}."),
        guard=True,
    ),
    "allow-guard": code(
        "error",
        ("{code} 是保护规则，不能关闭。", "{code} is a guard rule and cannot be switched off."),
        ("删去这条许可，改正拨号方案。", "Delete the permission and mend the dialplan."),
        guard=True,
    ),
    "allow-unused": code(
        "note",
        ("这里没有 {code} 可以许可。", "There is no {code} here to allow."),
        ("删去这条许可。", "Delete the permission."),
        guard=True,
    ),
}

CODES: Mapping[str, Code] = {**PLACES, **NAMES, **ARGUMENTS, **PATTERNS, **SITE, **ALLOW}
