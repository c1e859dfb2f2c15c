"""Whom the hotline tells of its cases besides other desks: citizens, by text messages, and a city's own systems.

`letters` makes what a system hears, `texting` what a citizen reads and when, `teller` sends both.
"""
