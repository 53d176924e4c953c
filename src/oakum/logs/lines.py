"""One line without what a runtime or a shipper put before it, and as it may be shown: its secrets masked, cut."""

from __future__ import annotations

import re
from typing import Final

SHOWN: Final = 240
"""So many letters of a line are shown."""

MASK: Final = "…masked…"

_BEFORE: Final = re.compile(
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) (?:(?:stdout|stderr) [FP] )?)"
)
_DOCKER: Final = re.compile(r'\{"log":"(?P<log>(?:[^"\\]|\\.)*)"?')
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ESCAPES: Final = re.compile(r'\\([nrt"\\])')
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

_LONG: Final = (
    r"passw(?:or)?d|passwd|passphrase|pwd|secret|token|credential|session[_-]?id"
    r"|(?:api|access|account|private|storage|signing|encryption|master|ssh|hmac)[_-]?key"
)
"""Within any name: DB_PASSWORD, clientSecret."""
_SHORT: Final = r"(?:(?<![a-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:pass|auth|pin|sig|jwt|otp|cvv)(?![a-z])"
"""Words of their own: db_pass and dbPass, and neither bypass nor signal."""
_NAME: Final = rf"(?:{_LONG}|{_SHORT})[\w-]{{0,20}}"
_CLOSED: Final = r"(?:\\{0,8}[\"'\]]|%22|%5d|&quot;){0,2}"
_GIVEN: Final = r"\s{0,3}(?:[:=]{1,3}>?|%3[ad])\s{0,3}|\s{1,3}(?=\\{0,8}[\"'])"
_QUOTED: Final = r"(?P<q>\\{0,8}[\"'])(?:(?P=q)(?P=q)|(?!(?<!\\)(?P=q)).){0,8192}"
"""To the quote that ends it, one that is escaped or doubled does not; or to the end."""
_HEADER: Final = r"\b(?:set-)?cookie|\b(?:proxy-)?authorization|pass[ _-]?phrase"
_VALUE: Final = rf"(?:{_QUOTED}|[\[({{][^\])}}]{{1,8192}}|\S{{1,8192}})"
_MIXED: Final = r"(?=[A-Za-z/+]{0,39}\d)(?=[a-z\d/+]{0,39}[A-Z])(?=[A-Z\d/+]{0,39}[a-z])"
_SECRETS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # a password in an address, to the last @ of the word; a key in the place of its user
        r"(?i)(?P<keep>[a-z][a-z0-9+.-]{1,20}://[^\s:@/]{0,64}:)\S{1,1024}(?=@)",
        r"(?P<keep>://)[^\s:@/]{16,1024}(?=@)",
        # whole headers, and phrases of many words: to the end of the line where no quote opens them
        rf"(?i)(?P<keep>(?:{_HEADER}){_CLOSED}\s{{0,3}}[:=]\s{{0,3}})(?:{_QUOTED}|.{{1,8192}})",
        # what follows a telling name: token=…, "password": "…", \"pin\":\"…\", params[auth]=…, password%3D…
        rf"(?i)(?P<keep>{_NAME}{_CLOSED}(?:{_GIVEN})){_VALUE}",
        # --password …, ["--password", "…"]
        rf"(?i)(?P<keep>(?<![\w-])-{{1,2}}[\w-]{{0,40}}{_NAME}\\{{0,8}}[\"']?[\s,]{{1,3}}){_VALUE}",
        # <password>…, IDENTIFIED BY '…'
        rf"(?i)(?P<keep><[\w:.-]{{0,40}}{_NAME}(?:\s[^<>]{{0,200}})?>)(?:<!\[CDATA\[)?[^<]{{1,8192}}",
        rf"(?i)(?P<keep>\bidentified (?:with \S{{1,64}} )?(?:by|as) (?:password )?){_VALUE}",
        r"(?i)(?P<keep>\b(?:bearer|basic) )[a-z0-9._~+/=-]{8,4096}",
        # addresses that are a key: those of webhooks
        r"(?i)(?P<keep>\b(?:hooks\.slack\.com/\w{1,20}|discord(?:app)?\.com/api/webhooks|api\.telegram\.org)/)\S{1,1024}",
        # keys by their form: JSON web tokens, AWS, GitHub, Slack, Stripe, Google, PEM
        r"(?P<keep>)\beyJ[\w-]{8,4096}(?:\.[\w-]{0,4096}){1,2}",
        r"(?P<keep>)\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"(?P<keep>)\b(?:gh[pousr]_|github_pat_|xox[abprs]-|[sr]k_(?:live|test)_|AIza|glpat-)[\w-]{10,255}",
        r"(?P<keep>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----).*",
        # base 64 with a slash or a plus: 40 letters as AWS has them, or any that ends in =
        rf"(?P<keep>)(?<![\w/+]){_MIXED}[\w/+]{{40}}(?![\w/+])",
        rf"(?P<keep>)(?<![\w/+]){_MIXED}[\w/+]{{24,8192}}={{1,2}}(?!\w)",
        # long texts of chance: 32 letters and digits or more
        r"(?P<keep>)(?<![\w/.$-])(?=[A-Za-z_-]{0,200}\d)(?=[\d_-]{0,200}[A-Za-z])[A-Za-z0-9+_=-]{32,4096}(?![\w.(])",
        # numbers of cards, mail addresses
        r"(?P<keep>)\b(?:\d{4}[ .-]){3}\d{4}\b",
        r"(?P<keep>)(?<!\w)(?:\d{16}|3[47]\d{13})(?!\w)",
        r"(?P<keep>)\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b",
    )
)
"""What looks like a secret; ``keep`` stays before the mask."""


def said(line: str) -> str:
    """What the program itself said: without the container runtime's stamp, colours, and a shipper's envelope."""
    if "\0" in line:
        line = line.replace("\0", "")
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    if line.startswith('{"log":"') and (docker := _DOCKER.match(line)):
        line = unescaped(docker["log"]).rstrip("\n")
    elif before := _BEFORE.match(line):
        line = line[before.end() :]
    return line.rstrip("\r")


def unescaped(text: str) -> str:
    """As it was before it was put into JSON: a stack in one line has its lines again."""
    return _ESCAPES.sub(lambda match: _ESCAPED[match[1]], text) if "\\" in text else text


def showable(line: str, near: int = 0) -> str:
    """Masked, then cut around the letter ``near``; letters that no terminal should get are left out."""
    line = "".join(letter if letter.isprintable() or letter == "\t" else "" for letter in line)
    line = masked(line)
    if len(line) <= SHOWN:
        return line.strip()
    begin = max(0, min(near - SHOWN // 3, len(line) - SHOWN))
    return f"{'…' if begin else ''}{line[begin : begin + SHOWN].strip()}{'…' if begin + SHOWN < len(line) else ''}"


def masked(line: str) -> str:
    for secret in _SECRETS:
        line = secret.sub(lambda match: f"{match['keep']}{MASK}", line)
    return line
