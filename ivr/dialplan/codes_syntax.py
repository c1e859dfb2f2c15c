"""Words of what is found in the syntax of a file."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialplan.code import Code, code

_LOAD = ("Asterisk 会因此拒绝整个拨号方案。", "Asterisk refuses the whole dialplan because of it.")

CODES: Mapping[str, Code] = {
    "no-such-file": code(
        "error",
        (
            "要包含的文件 {text} 不存在，或不在拨号方案的文件夹里。" + _LOAD[0],
            "The file {text} that is included is not there, or lies outside of the dialplans' folder. " + _LOAD[1],
        ),
        ("改正文件名，或删去这一行。", "Correct the file's name, or delete the line."),
    ),
    "include-circular": code(
        "error",
        ("文件 {text} 又包含了它自己。", "The file {text} includes itself."),
        ("删去其中一个 #include。", "Delete one of the #include lines."),
    ),
    "include-deep": code(
        "error",
        (
            "#include 嵌套超过 10 层，Asterisk 不再读取 {text}。",
            "#include goes deeper than 10; Asterisk does not read {text}.",
        ),
        ("减少嵌套层数。", "Include it from a file that is less deep."),
    ),
    "include-many": code(
        "error",
        (
            "#include 展开后超过 2000 个文件，{text} 及其后的不再读取。",
            "#include comes to more than 2000 files; {text} and what follows is not read.",
        ),
        ("每个文件只包含一次。", "Include each file once."),
    ),
    "exec": code(
        "error",
        (
            "#exec 会在加载时运行程序，这里不允许：{text}",
            "#exec runs a program while loading, which is not allowed here: {text}",
        ),
        ("把结果写进文件本身。", "Write its result into the file."),
    ),
    "line-too-long": code(
        "error",
        ("此行超过 8191 字节，Asterisk 会截断它。", "The line is longer than 8191 bytes; Asterisk cuts it."),
        ("把它拆成几行。", "Break it into several."),
    ),
    "not-text": code(
        "error",
        ("此行含有 NUL 字节，不是文本。", "The line has a NUL byte: this is no text."),
        ("用文本编辑器以 UTF-8 重新保存文件。", "Save the file again as UTF-8 text."),
    ),
    "not-utf8": code(
        "warning",
        (
            "从此行起有不是 UTF-8 的字节（可能是 GBK），在记录和界面上会成为乱码。",
            "From here on bytes are not UTF-8 (GBK, perhaps): logs and screens will garble them.",
        ),
        ("用文本编辑器以 UTF-8 重新保存文件。", "Save the file again as UTF-8."),
    ),
    "comment-open": code(
        "error",
        (
            "此处的块注释 ;-- 没有结束，后面的内容全被忽略。",
            "The block comment ;-- that begins here never ends; all that follows is ignored.",
        ),
        ("在注释结尾写 --; 。", "End it with --; ."),
    ),
    "outside": code(
        "error",
        ("此行上面没有上下文标题：{text}。" + _LOAD[0], "No heading stands above this line: {text}. " + _LOAD[1]),
        (
            "在它上面写上下文标题，如 [site-before-greeting]。",
            "Write a heading above it, such as [site-before-greeting].",
        ),
    ),
    "no-assignment": code(
        "error",
        ("看不懂此行，缺少“=>”：{text}", "The line has no =>: {text}"),
        ("写成 exten => 号码,优先级,应用(参数) 。", "Write exten => number,priority,Application(arguments) ."),
    ),
    "heading": code(
        "error",
        ("上下文标题不完整：{text}。" + _LOAD[0], "The heading is not whole: {text}. " + _LOAD[1]),
        ("写成 [名称] 。", "Write [name] ."),
    ),
    "heading-rest": code(
        "warning",
        ("标题后面多出的内容会被忽略：{text}", "What stands behind the heading is ignored: {text}"),
        ("另起一行，或写成注释。", "Put it on a line of its own, or make it a comment."),
    ),
    "no-such-template": code(
        "error",
        (
            "标题引用的 [{text}] 不存在（须写在前面）。" + _LOAD[0],
            "There is no [{text}] above that this heading could take from. " + _LOAD[1],
        ),
        ("改正名称，或把模板移到前面。", "Correct the name, or move the template above."),
    ),
    "adds-to-nothing": code(
        "error",
        (
            "[{name}](+) 要追加的上下文不存在。" + _LOAD[0],
            "[{name}](+) adds to a context that is not there. " + _LOAD[1],
        ),
        ("改正名称，或去掉 (+)。", "Correct the name, or take (+) away."),
    ),
    "same-without-exten": code(
        "error",
        ("same 之前没有 exten：{text}", "There is no exten above this same: {text}"),
        ("先写 exten => 号码,1,… 。", "Begin with exten => number,1,… ."),
    ),
    "unknown-word": code(
        "error",
        ("此处不能写：{text}", "This means nothing here: {text}"),
        ("只能是 exten、same、include、switch 或 ignorepat。", "Use exten, same, include, switch or ignorepat."),
    ),
    "exten": code(
        "error",
        ("exten 缺少号码或优先级：{text}", "The exten has no number or no priority: {text}"),
        ("写成 exten => 号码,优先级,应用(参数) 。", "Write exten => number,priority,Application(arguments) ."),
    ),
    "priority": code(
        "error",
        ("看不懂优先级：{text}", "The priority cannot be understood: {text}"),
        (
            "优先级是数字、n 或 hint，后面是逗号和应用。",
            "A priority is a number, n or hint; a comma and an application follow.",
        ),
    ),
    "no-first-priority": code(
        "error",
        ("没有前一步时不能用 n 或 s：{text}", "n or s needs a step before it: {text}"),
        ("第一步写优先级 1。", "Give the first step priority 1."),
    ),
    "no-application": code(
        "error",
        ("这一步没有应用：{text}", "The step has no application: {text}"),
        ("写上应用，例如 NoOp()。", "Name one, such as NoOp()."),
    ),
    "bracket-open": code(
        "error",
        ("应用的括号没有关闭：{text}", "The application's bracket is not closed: {text}"),
        ("在行末补上 ) 。", "Put a ) at the end of the line."),
    ),
}
