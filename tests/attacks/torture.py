# ruff: noqa: E501 — messages stand as they are sent
"""RFC 4475's torture messages, in our own rendering: what each is about, built from what the section describes.

`{me}` is the sender's host and port, `{us}` the hotline's SIP address, `{id}` a word that no other message has. Messages of
3.1.1 are valid SIP, those of 3.1.2 are not, 3.2 and 3.3 are about transactions and applications. Lines end in CR LF.
"""

from __future__ import annotations

from collections.abc import Mapping

_SDP = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 49217 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n"


def _message(first: str, *lines: str, body: str = "", length: int | None = None, **parts: str) -> str:
    """A request that is right but for what the section asks for: `parts` replace the usual lines ("" leaves one out)."""
    usual = {
        "via": "Via: SIP/2.0/UDP {me};rport;branch=z9hG4bK{id}",
        "hops": "Max-Forwards: 70",
        "sender": "From: <sip:torture@{me}>;tag={id}",
        "to": "To: <sip:12345@{us}>",
        "call": "Call-ID: {id}",
        "number": f"CSeq: 7 {first.split(maxsplit=1)[0]}",
        "contact": "Contact: <sip:torture@{me}>",
    } | parts
    kind = (
        ["Content-Type: application/sdp"] if body and not any(line.startswith("Content-Type") for line in lines) else []
    )
    size = [f"Content-Length: {len(body.replace(chr(10), chr(13) + chr(10))) if length is None else length}"]
    head = [first, *filter(None, usual.values()), *lines, *kind, *(size if length != -1 else [])]
    return "\r\n".join(head) + "\r\n\r\n" + body.replace("\n", "\r\n")


_INVITE = "INVITE sip:12345@{us} SIP/2.0"
_OPTIONS = "OPTIONS sip:12345@{us} SIP/2.0"
_REGISTER = "REGISTER sip:{us} SIP/2.0"

VALID: Mapping[str, str] = {
    "3.1.1.1 a short tortuous INVITE": _message(
        "INVITE sip:12345@{us};unknownparam SIP/2.0",
        "s :",
        "New-Header : is unknown, and holds ;;,,;;,;",
        "NewFangledHeader:   newfangled value\r\n continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;",
        "Route:\r\n <sip:{us};lr;unknownwith=value;unknown-no-value>",
        "v:  SIP  / 2.0  / UDP 192.0.2.2;branch=390skdjuw",
        'm:"Quoted string \\"\\"" <sip:torture@{me}> ; newparam =\r\n  newvalue ; secondparam ; q = 0.33',
        body=_SDP,
        to="TO :\r\n sip:12345@{us} ;   tag    = 1918181833n",
        sender='from   : "J Rosenberg \\\\\\""       <sip:torture@{me}>\r\n  ;\r\n  tag = {id}',
        hops="MaX-fOrWaRdS: 0068",
        call="Call-ID: {id}",
        number="cseq: 0009\r\n  INVITE",
        contact="",
    ),
    "3.1.1.2 wide range of valid characters": _message(
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@{us} SIP/2.0",
        "extensionHeader-!.%*+_`'~: \ufeff\u5927\u505c\u96fb",
        to='To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@{us}>',
        sender="From: token1~` token2'+_ token3*%!.- <sip:mundane@{me}>;fromParam''~+*_!.-%=\"\u0440\u0430\u0431\u043e\u0442\u0430\";tag={id}",
    ),
    "3.1.1.3 escaped characters": _message(
        "INVITE sip:sips%3Auser%40example.com@{us} SIP/2.0",
        body=_SDP,
        to="To: sip:%75se%72@{us}",
        sender="From: <sip:I%20have%20spaces@{me}>;tag={id}",
        contact="Contact: <sip:cal%6Cer@{me};%6C%72;n%61me=v%61lue%25%34%31>",
    ),
    "3.1.1.4 an escaped null": _message(
        _REGISTER,
        to="To: sip:null-%00-null@{us}",
        sender="From: sip:null-%00-null@{us};tag={id}",
        contact="Contact: <sip:%00@{me}>\r\nContact: <sip:%00%00@{me}>",
    ),
    "3.1.1.5 percent where it escapes nothing": _message(
        "RE%47IST%45R sip:{us} SIP/2.0",
        contact='Contact: <sip:alias1@{me}>\r\nContact: "%Z%45" <sip:alias2@{me}>',
    ),
    "3.1.1.6 no LWS between a name and <": _message(
        _OPTIONS, sender='From: "caller"<sip:torture@{me}>;tag={id}', to="To: caller<sip:12345@{us}>"
    ),
    "3.1.1.7 long values": _message(
        "INVITE sip:12345@{us} SIP/2.0",
        f"Unknown-{'Long' * 20}: {'u' * 600}",
        *(f"Via: SIP/2.0/UDP sip{n}.example.com;branch=z9hG4bK{{id}}{n}" for n in range(34)),
        body=_SDP,
        to=f'To: "{"I have a long display name " * 20}" <sip:12345@{{us}};{"longparam" * 20}=short;very{"long" * 100}>',
        sender="From: sip:torture@{me};tag={id}" + "1" * 200 + ";" + "p" * 300 + "=" + "v" * 300,
        call="Call-ID: {id}" + "long" * 200,
    ),
    "3.1.1.8 an extra octet behind the body": _message(_REGISTER) + "INVITE sip:joe@example.com SIP/2.0\r\n\r\n",
    "3.1.1.9 semicolons in the user part": _message(
        "OPTIONS sip:user;par=u%40example.net@{us} SIP/2.0", to="To: sip:j_user@{us}"
    ),
    "3.1.1.10 varied and unknown transports": _message(
        _OPTIONS,
        "Via: SIP/2.0/TLS t1.example.com;branch=z9hG4bK{id}a",
        "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bK{id}b",
        "Via: SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bK{id}c",
    ),
    "3.1.1.11 a multipart body": _message(
        "MESSAGE sip:12345@{us} SIP/2.0",
        'Content-Type: multipart/mixed;boundary="7a9cbec02ceef655"',
        body="--7a9cbec02ceef655\nContent-Type: text/plain\n\nHello\n--7a9cbec02ceef655\nContent-Type: application/octet-stream\n\n\x01\x02\n--7a9cbec02ceef655--\n",
    ),
    "3.1.1.12 an unusual reason phrase": "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nFrom: <sip:a@{me}>;tag=1\r\nTo: <sip:b@{us}>;tag=2\r\nCall-ID: {id}\r\nCSeq: 35 INVITE\r\nContent-Length: 0\r\n\r\n",
    "3.1.1.13 an empty reason phrase": "SIP/2.0 100 \r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nFrom: <sip:a@{me}>;tag=1\r\nTo: <sip:b@{us}>;tag=2\r\nCall-ID: {id}\r\nCSeq: 35 INVITE\r\nContent-Length: 0\r\n\r\n",
}

INVALID: Mapping[str, str] = {
    "3.1.2.1 separators that do not belong": _message(
        _INVITE,
        body=_SDP,
        contact='Contact: "Joe" <sip:torture@{me}>;;;;',
        via="Via: SIP/2.0/UDP {me};;,;,,\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}",
    ),
    "3.1.2.2 a Content-Length larger than the body": _message(_INVITE, body=_SDP, length=9999),
    "3.1.2.3 a negative Content-Length": _message(_INVITE, body=_SDP, length=-999),
    "3.1.2.4 scalars out of range": _message(
        _REGISTER,
        "Expires: 10000000000000000000000000000000000000000",
        'Warning: 1812 overture "In Progress"',
        hops="Max-Forwards: 300",
        number="CSeq: 36893488147419103232 REGISTER",
        contact="Contact: <sip:torture@{me}>;expires=280297596632815",
    ),
    "3.1.2.5 scalars out of range in a response": 'SIP/2.0 503 Service Unavailable\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nFrom: <sip:a@{me}>;tag=1\r\nTo: <sip:b@{us}>;tag=2\r\nCall-ID: {id}\r\nCSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: 949302838503028349304023988\r\nWarning: 1812 overture "x"\r\nContent-Length: 0\r\n\r\n',
    "3.1.2.6 an unterminated quoted string": _message(_INVITE, body=_SDP, to='To: "Mr. J. User <sip:12345@{us}>'),
    "3.1.2.7 <> around the request URI": _message("INVITE <sip:12345@{us}> SIP/2.0", body=_SDP),
    "3.1.2.8 white space within the request URI": _message("INVITE sip:12345@{us}; lr SIP/2.0", body=_SDP),
    "3.1.2.9 multiple spaces in the first line": _message("INVITE  sip:12345@{us}  SIP/2.0", body=_SDP),
    "3.1.2.10 spaces behind the first line": _message("OPTIONS sip:12345@{us} SIP/2.0  "),
    "3.1.2.11 escaped headers in the request URI": _message(
        "INVITE sip:12345@{us}?Route=%3Csip:example.com%3E SIP/2.0", body=_SDP
    ),
    "3.1.2.12 an invalid time zone in Date": _message(_INVITE, "Date: Fri, 01 Jan 2010 16:00:00 EST", body=_SDP),
    "3.1.2.13 no <> around a URI with parameters": _message(
        _INVITE, body=_SDP, contact="Contact: sip:torture@{me}?Route=%3Csip:sip.example.com%3E"
    ),
    "3.1.2.14 spaces within an addr-spec": _message(_OPTIONS, to='To: "Watson" < sip:t.watson@{us} >'),
    "3.1.2.15 a name that is no token and not quoted": _message(
        _OPTIONS, sender="From: Bell, Alexander <sip:a.g.bell@{me}>;tag={id}"
    ),
    "3.1.2.16 an unknown version": _message(
        "OPTIONS sip:12345@{us} SIP/7.0", via="Via: SIP/7.0/UDP {me};branch=z9hG4bK{id}"
    ),
    "3.1.2.17 a method that is not CSeq's": _message(_OPTIONS, number="CSeq: 8 INVITE"),
    "3.1.2.18 an unknown method that is not CSeq's": _message(
        "NEWMETHOD sip:12345@{us} SIP/2.0", number="CSeq: 8 INVITE"
    ),
    "3.1.2.19 a response code that overflows": "SIP/2.0 4294967301 better not break the receiver\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nFrom: <sip:a@{me}>;tag=1\r\nTo: <sip:b@{us}>;tag=2\r\nCall-ID: {id}\r\nCSeq: 353494 INVITE\r\nContent-Length: 0\r\n\r\n",
}

TRANSACTIONS: Mapping[str, str] = {
    "3.2.1 a branch without its rest": _message(_OPTIONS, via="Via: SIP/2.0/UDP {me};branch=z9hG4bK"),
}

APPLICATIONS: Mapping[str, str] = {
    "3.3.1 required headers are missing": _message(
        "INVITE sip:12345@{us} SIP/2.0", body=_SDP, call="", sender="", to=""
    ),
    "3.3.2 an unknown scheme": _message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
    "3.3.3 a known scheme that is not for us": _message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
    "3.3.4 unknown schemes in From, To, Contact": _message(
        _REGISTER,
        to="To: isbn:2983792873",
        sender="From: <http://www.example.com>;tag={id}",
        contact="Contact: <name:John_Smith>",
    ),
    "3.3.5 Proxy-Require and Require": _message(
        _OPTIONS,
        "Proxy-Require: nothingSupportsThis, nothingSupportsThisEither",
        "Require: nothingSupportsThis, nothingSupportsThisEither",
    ),
    "3.3.6 an unknown body type": _message(_INVITE, "Content-Type: application/unknownformat", body="<audio>\n"),
    "3.3.7 an unknown authorization scheme": _message(
        _REGISTER, "Authorization: NoOneKnowsThisScheme opaque-data=here"
    ),
    "3.3.8 single-value headers come twice": _message(
        _INVITE,
        "CSeq: 5 OPTIONS",
        "Call-ID: other.{id}",
        "Max-Forwards: 5",
        "From: sip:other@{me};tag=1",
        "To: sip:other@{us}",
        body=_SDP,
    ),
    "3.3.9 two Content-Lengths": _message(
        _OPTIONS, "Content-Length: 13", body="There's no way to know how many\n", length=5
    ),
    "3.3.10 a 200 with a broadcast in Via": "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK{id}b\r\nFrom: <sip:a@{me}>;tag=1\r\nTo: <sip:b@{us}>;tag=2\r\nCall-ID: {id}\r\nCSeq: 5 INVITE\r\nContent-Length: 0\r\n\r\n",
    "3.3.11 Max-Forwards of zero": _message(_OPTIONS, hops="Max-Forwards: 0"),
    "3.3.12 REGISTER with a parameter in Contact": _message(
        _REGISTER, contact="Contact: sip:torture@{me};unknownparam"
    ),
    "3.3.13 REGISTER with a URL parameter in Contact": _message(
        _REGISTER, contact="Contact: <sip:torture@{me};unknownparam>"
    ),
    "3.3.14 REGISTER with an escaped header in Contact": _message(
        _REGISTER, contact="Contact: <sip:torture@{me}?Route=%3Csip:sip.example.com%3E>"
    ),
    "3.3.15 an unacceptable Accept": _message(_INVITE, "Accept: text/nobodyKnowsThis", body=_SDP),
}

# RFC 4475 4: what RFC 2543 wrote; what no RFC wrote but a socket may bring.
OTHERS: Mapping[str, str] = {
    "4 an INVITE of RFC 2543": _message(
        _INVITE, body=_SDP, via="Via: SIP/2.0/UDP {me}", hops="", contact="", length=-1
    ),
    "nothing": "",
    "only line ends": "\r\n\r\n\r\n\r\n",
    "NULs": "\x00" * 1400,
    "a first line and no more": "INVITE sip:12345@{us} SIP/2.0\r\n",
    "no end of the headers": "INVITE sip:12345@{us} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id}\r\nFrom: <sip:a@{me}>",
    "line feeds alone": _message(_OPTIONS).replace("\r\n", "\n"),
    "one endless header": _message(_OPTIONS, "X: " + "x" * 40000),
    "a thousand headers": _message(_OPTIONS, *(f"X-{n}: {n}" for n in range(2000))),
    "a thousand Routes": _message(_OPTIONS, *(f"Route: <sip:r{n}.example.com;lr>" for n in range(1000))),
    "brackets in brackets": _message(_OPTIONS, "Contact: " + "<" * 2000 + "sip:a@b" + ">" * 2000),
    "SDP without end": _message(_INVITE, body=_SDP + "a=x\n" * 4000),
    "SDP with numbers too big": _message(
        _INVITE, body=_SDP.replace("49217", "99999999999").replace("AVP 8", "AVP 999")
    ),
    "SDP with a hundred media": _message(_INVITE, body=_SDP + "m=audio 1 RTP/AVP 8\n" * 100),
}

ALL: Mapping[str, str] = {**VALID, **INVALID, **TRANSACTIONS, **APPLICATIONS, **OTHERS}


def rendered(text: str, me: str, us: str, id: str) -> bytes:
    """The bytes to send; at most one datagram's."""
    for name, value in (("{me}", me), ("{us}", us), ("{id}", id)):
        text = text.replace(name, value)
    return text.encode("utf-8", "surrogateescape")[:60000]
