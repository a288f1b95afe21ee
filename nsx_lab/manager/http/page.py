"""The page at /_lab/: one file without a secret, a door that takes tickets, and the data behind it.

GET  /_lab/            the page; anybody may have it, nothing of the lab is in it
POST /_lab/page        control token -> {"path": "/_lab/#<ticket>"}; what stands after # never leaves the browser
POST /_lab/page/enter  Authorization: Ticket <ticket> -> {"pass": ...}, once
GET  /_lab/page/view   Authorization: Pass <pass> -> nsx_lab.manager.http.view.view
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from nsx_lab.manager.http import journal
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.view import view
from nsx_lab.shape import Shape, text

PLACE = "/_lab/"
SINCE = text(pattern=r"\A[0-9]{1,18}\Z", title="the number of a journal entry")
LOOK = Shape({"since": SINCE, "named": text()})
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@cache
def page() -> str:
    """The page's text."""
    return files("nsx_lab.manager.http").joinpath("page.html").read_text(encoding="utf-8")


@cache
def headers() -> dict[str, str]:
    """What the browser may do: run this one script, in this one style, and ask this lab. Text never becomes markup (trusted types)."""
    allowed = {kind: _hash(re.findall(rf"<{kind}>(.*?)</{kind}>", page(), re.DOTALL)) for kind in ("script", "style")}
    policy = [
        "default-src 'none'",
        f"script-src {allowed['script']}",
        f"style-src {allowed['style']}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return {
        **NO_STORE,
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _hash(parts: list[str]) -> str:
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in parts)


def link(world: World) -> str:
    """Path and fragment that open the page once."""
    with world.manager.lock:
        return f"{PLACE}#{world.visitors.ticket()}"


def page_routes(world: World) -> list[Route]:
    """What needs no control token: the page for everybody, the rest for a ticket or a pass."""

    async def show(request: Request) -> Response:
        return HTMLResponse(page(), headers=headers())

    async def enter(request: Request) -> Response:
        with world.manager.lock:
            given = world.visitors.enter(_shown(request, "ticket"))
        if given is None:
            return _answer({"error": "this link was used already, or is not of this lab"}, 401)
        return _answer({"pass": given})

    async def look(request: Request) -> Response:
        with world.manager.lock:
            if not world.visitors.may_look(_shown(request, "pass")):
                return _answer({"error": "this pass is not of this lab"}, 401)
            asked = dict(request.query_params)
            try:
                LOOK.check(asked)
                return _answer(view(world, int(asked.get("since", "0")), asked.get("named", "")))
            except ValueError as error:
                return _answer({"error": str(error)}, 400)
            except Exception as error:
                entry = world.journal.open(world.manager.clock.now(), "GET", f"{PLACE}page/view", "", None)
                return _answer({"error": str(journal.bug(entry, error))}, 500)

    return [
        Route(PLACE, show, methods=["GET"]),
        Route(f"{PLACE}page/enter", enter, methods=["POST"]),
        Route(f"{PLACE}page/view", look, methods=["GET"]),
    ]


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(body, status, headers=NO_STORE)


def _shown(request: Request, wanted: str) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value if scheme.lower() == wanted else ""
