"""The control plane below /_lab: opened by its own token and by nothing else (the page to look at has a door of its own: page.py)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nsx_lab.manager.http import faults, journal, openapi
from nsx_lab.manager.http.app import MAX_BODY
from nsx_lab.manager.http.auth import ROLES
from nsx_lab.manager.http.page import SINCE, link, page_routes
from nsx_lab.manager.http.running import World
from nsx_lab.manager.nsx.realization import Fate
from nsx_lab.manager.nsx.runtime import STATES
from nsx_lab.manager.nsx.settings import A_YEAR
from nsx_lab.manager.nsx.state import restore, snapshot
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.seed import of_document
from nsx_lab.shape import BOOLEAN, Shape, integer, number, one_of, text
from nsx_lab.strict_json import parse

Reply = dict[str, Any]

NOTHING = Shape({})
JOURNAL = Shape({"since": SINCE})
OBJECTS = Shape({"below": text(), "type": text()})
REALIZATION = Shape(
    {
        "path": text(minLength=1),
        "state": text(minLength=1),
        "message": text(),
        "error_code": integer(0),
        "polls": integer(0),
        "when": one_of(["now", "next"]),
        "delay": number(0, A_YEAR),
        "stale": number(0, A_YEAR),
    }
)
FAULTS = Shape({"faults": {"type": "array"}, "seed": faults.SEED}, required=["faults"])
LIMITS = Shape({"rate": integer(0), "outstanding": integer(0)})
CLOCK = Shape({"hold": BOOLEAN, "advance": number(0, A_YEAR)})
USER = Shape(
    {
        "name": text(minLength=1, maxLength=255),
        "password": text(writeOnly=True, maxLength=1000),
        "role": one_of(ROLES),
    },
    required=["name", "password"],
)
CERTIFICATE = Shape({"user": text()}, required=["user"])
RUNTIME = Shape({"path": text(minLength=1), "state": one_of(STATES)}, required=["path", "state"])
FAIL_OVER = Shape({"seconds": number(0, faults.MAX_SECONDS)})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is reached, what it does, and what it takes. `body` None is for handlers that read documents of their own."""

    method: str
    path: str
    handler: Callable[[Reply, Reply], Reply]
    body: Shape | None = NOTHING
    query: Shape = NOTHING


class ControlPlane:
    """The handlers. Each takes the request's JSON object and its query, whose form is checked, and returns a JSON object."""

    def __init__(self, world: World) -> None:
        self._world = world

    def health(self, body: Reply, query: Reply) -> Reply:
        manager = self._world.manager
        return {
            "ok": True,
            "profile": manager.settings.profile.name,
            "objects": len(manager.store),
            "journal": self._world.journal.last,
        }

    def journal(self, body: Reply, query: Reply) -> Reply:
        entries = self._world.journal.since(int(query.get("since", "0")))
        return {"entries": [entry.as_dict() for entry in entries], "last": self._world.journal.last}

    def reset(self, body: Reply, query: Reply) -> Reply:
        self._world.reset()
        return {"objects": len(self._world.manager.store)}

    def seed(self, body: Reply, query: Reply) -> Reply:
        self._world.manager.seed(of_document(body))
        return {"objects": len(self._world.manager.store)}

    def objects(self, body: Reply, query: Reply) -> Reply:
        below, wanted = query.get("below", ""), query.get("type", "")
        return {
            "objects": {
                obj["path"]: obj
                for obj in self._world.manager.store.objects()
                if obj["path"].startswith(below) and wanted in ("", obj["resource_type"])
            }
        }

    def realized(self, body: Reply, query: Reply) -> Reply:
        return {"objects": self._world.manager.realization.realized()}

    def realization(self, body: Reply, query: Reply) -> Reply:
        realization = self._world.manager.realization
        if "delay" in body:
            realization.delay = body["delay"]
        if "stale" in body:
            realization.stale = body["stale"]
        hit: list[str] = []
        if "state" in body:
            state = body["state"].upper()
            fate = Fate(
                body.get("path", "*"),
                "UNREALIZED" if state == "HOLD" else state,
                body.get("message", ""),
                body.get("error_code", 0),
                body.get("polls", 0),
                once=body.get("when") == "next",
            )
            hit = realization.decide(fate, now=body.get("when", "now") == "now")
        return {"paths": hit, "delay": realization.delay, "stale": realization.stale}

    def faults(self, body: Reply, query: Reply) -> Reply:
        """POST adds one fault, or replaces all by `faults` (with `seed`)."""
        engine = self._world.faults
        if "faults" in body:
            FAULTS.check(body)
            engine.set(body["faults"], body.get("seed"))
        elif body:
            engine.add(body)
        return {"faults": [fault.as_dict() for fault in engine.all()]}

    def no_faults(self, body: Reply, query: Reply) -> Reply:
        self._world.faults.set([])
        for held in self._world.hanging:
            held.set()
        return {"faults": []}

    def limits(self, body: Reply, query: Reply) -> Reply:
        limits = self._world.limits
        limits.rate = body.get("rate", limits.rate)
        limits.outstanding = body.get("outstanding", limits.outstanding)
        return {"rate": limits.rate, "outstanding": limits.outstanding}

    def clock(self, body: Reply, query: Reply) -> Reply:
        """`hold` true or false, `advance` seconds."""
        clock = self._world.manager.clock
        if "hold" in body:
            clock.hold() if body["hold"] else clock.run()
        clock.advance(body.get("advance", 0))
        self._world.manager.realization.tick()
        return {"now": clock.now(), "held": clock.held}

    def sessions(self, body: Reply, query: Reply) -> Reply:
        """Ends every session."""
        return {"ended": self._world.door.expire_sessions()}

    def settings(self, body: Reply, query: Reply) -> Reply:
        """Shows the settings, after changing those that are named."""
        settings = self._world.manager.settings
        settings.change(body)
        return settings.as_dict()

    def users(self, body: Reply, query: Reply) -> Reply:
        self._world.door.add_user(body["name"], body["password"], body.get("role", ROLES[0]))
        return {"users": self._world.door.names()}

    def certificates(self, body: Reply, query: Reply) -> Reply:
        user = self._world.door.user(body["user"])
        if user is None:
            raise ValueError(f"unknown user {body['user']!r}: known are {', '.join(self._world.door.names())}")
        made = self._world.authority.client_certificate(user.name)
        return {"certificate": made.certificate, "key": made.key}

    def failover(self, body: Reply, query: Reply) -> Reply:
        seconds = body.get("seconds", 1)
        self._world.fail_over(seconds)
        return {"seconds": seconds}

    def runtime(self, body: Reply, query: Reply) -> Reply:
        """Takes an edge node or a BFD peer down, or up again; without a body it only tells what is down."""
        if body:
            self._world.manager.runtime.set(body["path"], body["state"])
        return {"down": self._world.manager.runtime.down()}

    def openapi(self, body: Reply, query: Reply) -> Reply:
        return openapi.document()

    def snapshot(self, body: Reply, query: Reply) -> Reply:
        return snapshot(self._world.manager)

    def restore(self, body: Reply, query: Reply) -> Reply:
        restore(self._world.manager, body)
        return {"objects": len(self._world.manager.store)}

    def page(self, body: Reply, query: Reply) -> Reply:
        """Opens the page at /_lab/ once: its path, with a ticket that is good for looking and for nothing else."""
        return {"path": link(self._world)}

    def routes(self) -> list[Route]:
        table = [
            Operation("GET", "/_lab/health", self.health),
            Operation("GET", "/_lab/journal", self.journal, query=JOURNAL),
            Operation("POST", "/_lab/reset", self.reset),
            Operation("POST", "/_lab/seed", self.seed, body=None),
            Operation("GET", "/_lab/objects", self.objects, query=OBJECTS),
            Operation("GET", "/_lab/realized", self.realized),
            Operation("POST", "/_lab/realization", self.realization, body=REALIZATION),
            Operation("GET", "/_lab/faults", self.faults),
            Operation("POST", "/_lab/faults", self.faults, body=None),
            Operation("DELETE", "/_lab/faults", self.no_faults),
            Operation("POST", "/_lab/limits", self.limits, body=LIMITS),
            Operation("POST", "/_lab/clock", self.clock, body=CLOCK),
            Operation("DELETE", "/_lab/sessions", self.sessions),
            Operation("GET", "/_lab/settings", self.settings),
            Operation("POST", "/_lab/settings", self.settings, body=None),
            Operation("POST", "/_lab/users", self.users, body=USER),
            Operation("POST", "/_lab/certificates", self.certificates, body=CERTIFICATE),
            Operation("POST", "/_lab/failover", self.failover, body=FAIL_OVER),
            Operation("GET", "/_lab/runtime", self.runtime),
            Operation("POST", "/_lab/runtime", self.runtime, body=RUNTIME),
            Operation("GET", "/_lab/openapi", self.openapi),
            Operation("GET", "/_lab/snapshot", self.snapshot),
            Operation("POST", "/_lab/restore", self.restore, body=None),
            Operation("POST", "/_lab/page", self.page),
        ]
        return [Route(known.path, self._endpoint(known), methods=[known.method]) for known in table]

    def _endpoint(self, operation: Operation) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if not self._opened_by(request):
                return JSONResponse({"error": "the control plane wants Authorization: Bearer <control token>"}, 401)
            raw = await body_of(request)
            with self._world.manager.lock:
                return self._answer(operation, raw, dict(request.query_params))

        return endpoint

    def _answer(self, operation: Operation, raw: bytes, query: Reply) -> Response:
        """What the operation answers, or a sentence. The caller holds the lock."""
        try:
            operation.query.check(query)
            body = parse(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                raise ValueError("a JSON object is expected")
            if operation.body is not None:
                operation.body.check(body)
            return JSONResponse(operation.handler(body, query))
        except errors.NsxError as error:
            return JSONResponse({"error": str(error), "nsx": error.body}, 400)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except Exception as error:
            entry = self._world.journal.open(
                self._world.manager.clock.now(), operation.method, operation.path, "", None
            )
            return JSONResponse({"error": str(journal.bug(entry, error))}, 500)

    def _opened_by(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._world.control_token.encode())


async def body_of(request: Request) -> bytes:
    """The body of a request; 413 for one that is too large."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise HTTPException(413, f"the body is larger than {MAX_BODY} bytes")
    return bytes(raw)


async def _refused(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses (no such path, no such method), as JSON."""
    assert isinstance(error, HTTPException)
    told = {404: "there is no such operation", 405: f"{request.method} is not for this operation"}
    said = f"{request.url.path}: {told.get(error.status_code, error.detail)}"
    return JSONResponse({"error": said}, error.status_code, headers=error.headers)


def control_app(world: World) -> Starlette:
    """The ASGI application of the control plane."""
    return Starlette(
        routes=[*ControlPlane(world).routes(), *page_routes(world)], exception_handlers={HTTPException: _refused}
    )
