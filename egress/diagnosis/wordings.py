"""The words in which resolvers, sockets, TLS libraries, registries and runtimes say that they failed.

A Go program names its stage by itself: net.OpError puts the address of a failed connect into its text, and a lookup that ran out of time
ends in an address-less `dial tcp: i/o timeout` (golang/go src/net: net.go, lookup.go lookupIPContext). What else is here comes from the sources of
Go's net/http and crypto/tls, containerd, CRI-O (containers/image), Docker, go-containerregistry, CoreDNS, curl, glibc's and musl's getaddrinfo and
Windows' sockets. All patterns are bounded: reading is linear in a text's length.
"""

from __future__ import annotations

import re
from enum import StrEnum

from egress.diagnosis.failure import Cause, Stage


class End(StrEnum):
    """How a lookup or a socket ended, whatever system says it."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    RESET = "reset"
    NO_NAME = "no_name"
    SERVFAIL = "servfail"
    ADDRESS = "address"
    OTHER = "other"


_ENDS = re.compile(
    r"(?P<timeout>i/o timeout|timed out|context deadline exceeded|operation was canceled|context canceled|did not properly respond after"
    r"|[Tt]emporary failure in name resolution|temporary error during hostname resolution|timeout period expired|EAI_AGAIN|\bTry again)"
    r"|(?P<unreachable>no route to host|(?:network|host) is (?:unreachable|down)|unreachable (?:network|host))"
    r"|(?P<refused>connection refused|actively refused)"
    r"|(?P<reset>reset by peer|forcibly closed|broken pipe|connection was aborted|\bEOF\b)"
    r"|(?P<no_name>no such host|[Nn]ame or service not known|Name does not resolve|nodename nor servname|DNS name does not exist|[Nn]o address associated"
    r"|no data of the requested type|no suitable address|NXDOMAIN|ENOTFOUND)"
    r"|(?P<servfail>server misbehaving|DNS server failure|SERVFAIL|non-recoverable|cannot unmarshal DNS|lame referral|no answer from DNS server)"
    r"|(?P<address>missing address|missing port|unknown port|invalid port)",
    re.IGNORECASE,
)


def ended(ending: str) -> End:
    """How it ended, by the first words that tell it."""
    found = _ENDS.search(ending)
    return End(found.lastgroup or "other") if found else End.OTHER


OF_LOOKUPS = {
    End.TIMEOUT: Cause.LOOKUP_TIMEOUT,
    End.UNREACHABLE: Cause.UNREACHABLE,
    End.REFUSED: Cause.NO_DNS_SERVER,
    End.RESET: Cause.LOOKUP_REFUSED,
    End.NO_NAME: Cause.NO_SUCH_NAME,
    End.SERVFAIL: Cause.LOOKUP_REFUSED,
    End.ADDRESS: Cause.BAD_NAME,
    End.OTHER: Cause.RESOLVER_FAILED,
}
OF_DIALS = {
    End.TIMEOUT: Cause.CONNECT_TIMEOUT,
    End.UNREACHABLE: Cause.UNREACHABLE,
    End.REFUSED: Cause.REFUSED,
    End.RESET: Cause.RESET,
    End.NO_NAME: Cause.NO_SUCH_NAME,
    End.ADDRESS: Cause.BAD_NAME,
}
OF_CONNECTIONS = {End.TIMEOUT: Cause.STALLED, End.RESET: Cause.RESET, End.UNREACHABLE: Cause.STALLED}

_ENDING = r'(?P<ending>[^"\n;]{0,200})'
LOOKUP = re.compile(
    r"(?P<dial>dial (?:tcp|udp)[46]?: )?\blookup (?P<host>[^\s\":]{1,255})(?: on (?P<server>[^\s\"]{1,80}?):\d{1,5})?: "
    + _ENDING
)
SOCKET = re.compile(
    r"\b(?P<did>dial|read|write) (?P<protocol>tcp|udp)[46]? (?:(?P<source>[^\s\">]{1,80})->)?"
    r"(?P<address>\[[0-9a-fA-F.:%\w]{2,60}\]|[0-9a-fA-F.:]{2,45}?):(?P<port>\d{1,5})(?:->[^\s\"]{1,80}?)?: " + _ENDING
)
BARE_DIAL = re.compile(r"\bdial (?:tcp|udp)[46]?: (?!lookup )" + _ENDING)
"""No address in it: the program had none yet."""
CURL = re.compile(
    r"[Ff]ailed to connect to (?P<host>[^\s\":]{1,255}) port (?P<port>\d{1,5})(?: after \d{1,9} ms)?: " + _ENDING
)
ASKED = re.compile(
    r"(?P<name>[\w.-]{1,255}?)\.? (?:A|AAAA|CNAME|HINFO|HTTPS|MX|NS|PTR|SOA|SRV|TXT): (?:unreachable backend: )?(?:read|write|dial) "
)
"""CoreDNS's log (plugin/errors): the name and type that it was asked for."""
DIG = re.compile(r"communications error to (?P<server>[0-9a-fA-F.:]{2,45})#(?P<port>\d{1,5}): " + _ENDING)
"""nslookup and dig (BIND)."""
PROXY = re.compile(r"\bproxyconnect tcp\b|\bsocks connect tcp\b|Could not resolve proxy")
URL = re.compile(
    r"\b(?:Get|Head|Post|Put|Patch|GET|HEAD|POST|PUT|PATCH) \"?(?P<scheme>https?)://(?:[^@/\s\"]{1,200}@)?"
    r"(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[^\s/:\"?;]{1,255})(?::(?P<port>\d{1,5}))?"
)
IMAGE = re.compile(r"(?:\b|Pull)[Ii]mage \"(?P<quoted>[^\"\s]{1,512})\"|\bImage (?P<pod_vm>\S{1,512}) has failed")
REGISTRY = re.compile(
    r"(?:pinging (?:container|docker) registry|[Ww]orking with|connect to repo store) \"?(?P<name>[^\s\",;]{1,512}?)\"?(?=[\s,;:]|$)"
)
POD_VM = re.compile(r"podvm|spherelet|Failed to resolve on node esx|failed to get images: Image ", re.IGNORECASE)

_STATUS = r"(?:[Ss]tatus(?: ?[Cc]ode)?(?: from [A-Z]{3,5} request to \S{1,500}?| from registry)?:?|Code) "
_PROXY_WORDS = "Forbidden|Bad Gateway|Service Unavailable|Gateway Time-?out|Bad Request|Internal Server Error"
WORDINGS: tuple[tuple[Cause, Stage | None, re.Pattern[str]], ...] = tuple(
    (cause, stage, re.compile(pattern))
    for cause, stage, pattern in (
        (Cause.LOOKUP_TIMEOUT, Stage.RESOLVE, r"[Tt]emporary failure in name resolution|Resolving timed out|no servers could be reached|getaddrinfo EAI_AGAIN|temporary error during hostname resolution"),
        (Cause.NO_SUCH_NAME, Stage.RESOLVE, r"[Nn]o such host|Name or service not known|getaddrinfo ENOTFOUND|server can't find \S{1,255}: NXDOMAIN"),
        (Cause.LOOKUP_REFUSED, Stage.RESOLVE, r"server misbehaving|server can't find \S{1,255}: SERVFAIL"),
        (Cause.LOOKUP_FAILED, Stage.RESOLVE, r"Could not resolve (?:host|proxy)|getaddrinfo failed"),
        (Cause.NOT_STORED, Stage.STORE, r"no space left on device|failed to (?:extract|register) layer|unexpected commit digest|failed precondition|read-only file system|[Ff]ilesystem layer verification failed|input/output error|disk quota exceeded"),
        (Cause.PROXY_REFUSED, Stage.PROXY, r"[Pp]roxy [Aa]uthentication [Rr]equired|CONNECT tunnel failed|Received HTTP code \d{3} from proxy|status code 407"),
        (Cause.PROXY_REFUSED, Stage.PROXY, rf"https://[^\s\"]{{1,2000}}\"?: (?:{_PROXY_WORDS})\b"),
        (Cause.HANDSHAKE_TIMEOUT, Stage.TLS, r"TLS handshake timeout|tls: handshake timeout"),
        (Cause.PLAIN_HTTP, Stage.TLS, r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|oversized record received"),
        (Cause.HTTPS_WANTED, Stage.HTTP, r"HTTP request to an HTTPS server|malformed HTTP response \\?\"\\+x15\\+x03"),
        (Cause.CERTIFICATE, Stage.TLS, r"x509: |tls: failed to verify certificate|certificate verify failed|SSL certificate problem"),
        (Cause.TLS_REFUSED, Stage.TLS, r"(?:remote|local) error: tls: |\btls: |SSL_ERROR_SYSCALL"),
        (Cause.RATE_LIMIT, Stage.HTTP, rf"429 Too Many Requests|toomanyrequests|TOOMANYREQUESTS|{_STATUS}429|pull rate limit"),
        (Cause.UNAUTHORIZED, Stage.HTTP, rf"401 Unauthorized|403 Forbidden|{_STATUS}40[13]\b|unauthorized: |UNAUTHORIZED\b|(?<!permission )denied: |\bDENIED: |no basic auth credentials|authorization failed|insufficient_scope|pull access denied|authentication required|invalid username/password"),
        (Cause.SERVER_FAILED, Stage.HTTP, rf"\b50\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)|{_STATUS}50\d\b|\bUNAVAILABLE: "),
        (Cause.RESET, Stage.HTTP, r"connection reset by peer|: (?:unexpected )?EOF\b|broken pipe|forcibly closed|server sent GOAWAY|stream error: "),
        (Cause.STALLED, Stage.HTTP, r"while reading body|because of no progress in|http2: (?:client|server) connection lost"),
        (Cause.CONNECT_TIMEOUT, None, r"while waiting for connection"),
        (Cause.ANSWER_TIMEOUT, Stage.HTTP, r"request canceled \(Client\.Timeout|timeout awaiting response headers"),
        (Cause.CONNECT_TIMEOUT, None, r"Client\.Timeout exceeded|i/o timeout|[Cc]onnection timed out|[Oo]peration timed out|did not properly respond after"),
        (Cause.UNREACHABLE, Stage.CONNECT, r"no route to host|network is unreachable|unreachable (?:network|host)"),
        (Cause.REFUSED, Stage.CONNECT, r"connection refused|actively refused"),
        (Cause.NOT_FOUND, Stage.HTTP, rf"manifest unknown|MANIFEST_UNKNOWN|\bNOT_FOUND: |NAME_UNKNOWN|BLOB_UNKNOWN|blob unknown|404 Not Found|{_STATUS}404|(?:repository )?name (?:unknown|not known)|repository does not exist|no match for platform|no matching manifest|(?::|\S[:@]\S{{1,512}}) not found\b"),
        (Cause.BAD_NAME, Stage.NAME, r"InvalidImageName|invalid reference format|couldn't parse image (?:reference|name)|repository name must be|NAME_INVALID"),
        (Cause.FORBIDDEN, Stage.NAME, r"ErrImageNeverPull|pull policy of Never|ImagePolicyWebhook|SignatureValidationFailed|Source image rejected"),
        (Cause.CONNECT_TIMEOUT, None, r"context deadline exceeded"),
        (Cause.STALLED, Stage.HTTP, r"context canceled|request canceled"),
        (Cause.PROXY_REFUSED, Stage.PROXY, r"https://[^\s\"]{1,2000}\"?: [A-Za-z]{4,40}(?: [A-Za-z-]{2,40}){0,3}\s*$"),
    )
)  # fmt: skip
"""Of those that fit, the first tells the cause. The proxy's words without a number are Go's answer to a refused CONNECT (net/http,
transport.go: the status without its code)."""
