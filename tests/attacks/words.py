"""Words that a dialplan, an event, a row, a shell or a query might read as more than words."""

PWNED = "touch pwned"
WORDS = {
    "function": f"${{SHELL({PWNED})}}",
    "expression": '1"="1" | "x',
    "variable": "${CALL_ID}${GLOBAL(HOTLINE)}$[1+1]",
    "keys": "x&result=completed&call=forged&role=operator",
    "arguments": f"x,1)&System({PWNED})|a^b",
    "shell": f"$({PWNED});`{PWNED}`",
    "rows": '","forged","row"',
    "escape": "\\${IFS}\\n\\r\\0",
}
