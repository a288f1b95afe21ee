"""The control plane below /_lab: opened by its own token and by nothing else (the page to look at has a door of its own: page.py)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nsx_lab.manager import errors, openapi
from nsx_lab.manager.auth import ROLES
from nsx_lab.manager.page import link, page_routes
from nsx_lab.manager.realization import Fate
from nsx_lab.manager.seed import of_document
from nsx_lab.manager.state import restore, snapshot
from nsx_lab.manager.world import World

Reply = dict[str, Any]


class ControlPlane:
    """The handlers. Each takes the request's JSON object and its query, and returns a JSON object."""

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
        entries = self._world.journal.since(int(query.get("since", 0)))
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
            realization.delay = float(body["delay"])
        if "stale" in body:
            realization.stale = float(body["stale"])
        hit: list[str] = []
        if "state" in body:
            state = str(body["state"]).upper()
            fate = Fate(
                str(body.get("path", "*")),
                "UNREALIZED" if state == "HOLD" else state,
                str(body.get("message", "")),
                int(body.get("error_code", 0)),
                int(body.get("polls", 0)),
                once=body.get("when") == "next",
            )
            hit = realization.decide(fate, now=body.get("when", "now") == "now")
        return {"paths": hit, "delay": realization.delay, "stale": realization.stale}

    def faults(self, body: Reply, query: Reply) -> Reply:
        """POST adds one fault, or replaces all by `faults` (with `seed`)."""
        engine = self._world.faults
        if "faults" in body:
            engine.set(list(body["faults"]), body.get("seed"))
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
        limits.rate = int(body.get("rate", limits.rate))
        limits.outstanding = int(body.get("outstanding", limits.outstanding))
        return {"rate": limits.rate, "outstanding": limits.outstanding}

    def clock(self, body: Reply, query: Reply) -> Reply:
        """`hold` true or false, `advance` seconds."""
        clock = self._world.manager.clock
        if "hold" in body:
            clock.hold() if body["hold"] else clock.run()
        clock.advance(float(body.get("advance", 0)))
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
        self._world.door.add_user(str(body["name"]), str(body["password"]), str(body.get("role", ROLES[0])))
        return {"users": self._world.door.names()}

    def certificates(self, body: Reply, query: Reply) -> Reply:
        user = self._world.door.user(str(body["user"]))
        if user is None:
            raise ValueError(f"unknown user {body['user']!r}: known are {', '.join(self._world.door.names())}")
        made = self._world.authority.client_certificate(user.name)
        return {"certificate": made.certificate, "key": made.key}

    def failover(self, body: Reply, query: Reply) -> Reply:
        seconds = float(body.get("seconds", 1))
        self._world.fail_over(seconds)
        return {"seconds": seconds}

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
        table: list[tuple[str, str, Callable[[Reply, Reply], Reply]]] = [
            ("GET", "/_lab/health", self.health),
            ("GET", "/_lab/journal", self.journal),
            ("POST", "/_lab/reset", self.reset),
            ("POST", "/_lab/seed", self.seed),
            ("GET", "/_lab/objects", self.objects),
            ("GET", "/_lab/realized", self.realized),
            ("POST", "/_lab/realization", self.realization),
            ("GET", "/_lab/faults", self.faults),
            ("POST", "/_lab/faults", self.faults),
            ("DELETE", "/_lab/faults", self.no_faults),
            ("POST", "/_lab/limits", self.limits),
            ("POST", "/_lab/clock", self.clock),
            ("DELETE", "/_lab/sessions", self.sessions),
            ("GET", "/_lab/settings", self.settings),
            ("POST", "/_lab/settings", self.settings),
            ("POST", "/_lab/users", self.users),
            ("POST", "/_lab/certificates", self.certificates),
            ("POST", "/_lab/failover", self.failover),
            ("GET", "/_lab/openapi", self.openapi),
            ("GET", "/_lab/snapshot", self.snapshot),
            ("POST", "/_lab/restore", self.restore),
            ("POST", "/_lab/page", self.page),
        ]
        return [Route(path, self._endpoint(handler), methods=[method]) for method, path, handler in table]

    def _endpoint(self, handler: Callable[[Reply, Reply], Reply]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if not self._opened_by(request):
                return JSONResponse({"error": "the control plane wants Authorization: Bearer <control token>"}, 401)
            raw = await request.body()
            try:
                body = await request.json() if raw.strip() else {}
                if not isinstance(body, dict):
                    raise ValueError("a JSON object is expected")
                with self._world.manager.lock:
                    return JSONResponse(handler(body, dict(request.query_params)))
            except errors.NsxError as error:
                return JSONResponse({"error": str(error), "nsx": error.body}, 400)
            except KeyError as error:
                return JSONResponse({"error": f"{error.args[0]} is missing"}, 400)
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint

    def _opened_by(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._world.control_token.encode())


def control_app(world: World) -> Starlette:
    """The ASGI application of the control plane."""
    return Starlette(routes=[*ControlPlane(world).routes(), *page_routes(world)])
