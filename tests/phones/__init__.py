"""SIP phones that hear: for the tests and for the demo (README.md beside this file)."""

from tests.phones.events import Event, Invite, PhoneError, Registration, Secure
from tests.phones.phone import Phone
from tests.phones.raw_sip import RawCaller
from tests.phones.tones import TONES, Heard

__all__ = ["TONES", "Event", "Heard", "Invite", "Phone", "PhoneError", "RawCaller", "Registration", "Secure"]
