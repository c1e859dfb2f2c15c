"""Matters that come without a call: from a form page, a mailbox, a gateway of messages (R45, R57)."""
