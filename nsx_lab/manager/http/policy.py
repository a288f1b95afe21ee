"""The Policy API: which request does what with the manager. The only room that knows both URLs and objects."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from nsx_lab.manager.http.auth import Doorkeeper, User, form, session_cookie
from nsx_lab.manager.http.manager_api import ManagerApi
from nsx_lab.manager.http.wire import Answer, Request
from nsx_lab.manager.nsx import operations, realized, routing
from nsx_lab.manager.nsx.fabric import Fabric
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.nsx.rules import allocation
from nsx_lab.manager.nsx.shown import ADDED
from nsx_lab.manager.store import errors, kinds, listing
from nsx_lab.manager.store.clock import wall_ms
from nsx_lab.manager.store.kinds import Kind, locate
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object, Transaction

PREFIX = "/policy/api/v1"
INFRA = f"{PREFIX}/infra"
ORG_ROOT = f"{PREFIX}/org-root"
PARTIAL_PATCH = f"{PREFIX}/system-config/nsx-partial-patch-config"

claim(
    "PATCH and DELETE answer 200 with an empty body, PUT answers 200 with the object",
    Evidence.SPEC,
    "NSX 9.1 API specification; vcf-nsx stubs (PATCH returns nothing, PUT the object)",
    "test_objects.py::test_life_of_a_rule",
)
claim(
    "GET /policy/api/v1/search is the older form of search/query",
    Evidence.DOC,
    "vmware-nsxlib 19.4.3, v3/lib.py asks there; the SDK 9.1.1.0 does not know it any more",
    "test_search.py::test_older_form_of_the_search",
)
claim(
    "GET /api/v1/reverse-proxy/node/health answers healthy: true",
    Evidence.DOC,
    "vmware-nsxlib 19.4.3, v3/cluster.py looks at it before its first request",
    "test_wire.py::test_health_of_the_reverse_proxy",
)
claim(
    "GET and DELETE may carry a body, which is read and ignored",
    Evidence.PROVIDER,
    "terraform-provider-nsxt 3.11.1 sends {} with both",
    "test_wire.py::test_get_with_a_body_keeps_the_connection_in_step",
)

Handler = Callable[[Request, User], Answer]


class PolicyApi:
    """Answers requests. Raises NsxError for everything that is not a success."""

    def __init__(self, manager: Manager, door: Doorkeeper) -> None:
        self._manager = manager
        self._door = door
        self._manager_api = ManagerApi(manager)
        self._fixed: dict[tuple[str, str], Handler] = {
            ("GET", "/api/v1/node/version"): self._version,
            ("GET", "/api/v1/reverse-proxy/node/health"): lambda request, user: Answer(body={"healthy": True}),
            ("GET", f"{PREFIX}/search/query"): self._search,
            ("GET", "/api/v1/search/query"): self._search,
            ("GET", f"{PREFIX}/search"): self._search,
            ("GET", INFRA): self._get_infra,
            ("PATCH", INFRA): lambda request, user: self._patch_tree(request, user, kinds.INFRA),
            ("PATCH", ORG_ROOT): lambda request, user: self._patch_tree(request, user, kinds.ORG_ROOT),
            ("GET", f"{INFRA}/realized-state/realized-entities"): self._entities,
            ("GET", f"{INFRA}/realized-state/status"): self._status,
            ("GET", f"{INFRA}/realized-state/alarms"): self._alarms,
            ("GET", f"{INFRA}/ip-blocks/usage"): self._block_usage,
            ("GET", PARTIAL_PATCH): self._get_partial_patch,
            ("PATCH", PARTIAL_PATCH): self._set_partial_patch,
        }

    def log_in(self, request: Request) -> Answer | None:
        """The answer to a request that makes a session, which needs none; None for every other request."""
        if (request.method, request.path) != ("POST", "/api/session/create"):
            return None
        cookie, xsrf = self._door.log_in(*form(request.body.decode(errors="replace")))
        set_cookie = f"JSESSIONID={cookie}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return Answer(headers=[("Set-Cookie", set_cookie), ("X-XSRF-TOKEN", xsrf)])

    def answer(self, request: Request, user: User) -> Answer:
        """The answer for a user who has come in."""
        if (request.method, request.path) == ("POST", "/api/session/destroy"):
            self._door.log_out(session_cookie(request.headers.get("cookie", "")))
            return Answer()
        if request.method != "GET" and not user.may_write:
            raise errors.read_only_role(user.name, f"{request.method} {request.path}")
        handler = self._fixed.get((request.method, request.path))
        if handler is not None:
            return handler(request, user)
        read = self._manager_api.answer(request)
        if read is not None:
            return read
        action = request.parameters().get("action", "")
        if action or not operations.allows(request.method, request.path):
            raise operations.unanswered(request.method, request.path, f"action={action}" if action else "")
        derived = self._derived(request) if request.method == "GET" else None
        return derived if derived is not None else self._object(request, user)

    # what is derived from objects

    def _derived(self, request: Request) -> Answer | None:
        """Tables and statistics; None for a request that asks for neither."""
        path, _, last = request.path.removeprefix(PREFIX).rpartition("/")
        if last in ("routing-table", "forwarding-table") and path.startswith("/infra/tier-0s/"):
            return self._table(path, last, request.parameters())
        if last == "number-of-routes" and path.startswith("/infra/tier-0s/"):
            return Answer(body=self._number_of_routes(path))
        if last == "status" and path.startswith("/infra/sites/") and "/edge-clusters/" in path:
            cluster = self._manager.get(path)
            view = Fabric(Transaction(self._manager.store), self._manager.runtime, wall_ms())
            return Answer(body=view.policy_cluster_status(cluster))
        if last == "statistics" and path.endswith("/nat"):
            gateway = path.removesuffix("/nat")
            self._manager.get(gateway)
            return Answer(body=listing.page([self._manager.counters.of_gateway(gateway, now=wall_ms())], {}))
        if last == "statistics" and "/nat-rules/" in path:
            self._manager.get(path)
            off = bool(self._manager.get("/".join(path.split("/")[:4])).get("disable_firewall"))
            return Answer(
                body=listing.page([self._manager.counters.of_rule(path, firewall_off=off, now=wall_ms())], {})
            )
        return None

    def _table(self, gateway: str, name: str, query: dict[str, str]) -> Answer:
        self._manager.get(gateway)
        found = self._tables(gateway, forwarding=name == "forwarding-table")
        edge, prefix = query.get("edge_path", ""), query.get("network_prefix", "")
        kinds = routing.SOURCES.get(query.get("route_source", ""), ())
        for table in found:
            entries = [
                entry
                for entry in table["route_entries"]
                if (not prefix or entry["network"].startswith(prefix)) and (not kinds or entry["route_type"] in kinds)
            ]
            table.update(route_entries=entries, count=len(entries))
        return Answer(body=listing.page([table for table in found if not edge or table["edge_node"] == edge], {}))

    def _tables(self, gateway: str, *, forwarding: bool) -> list[Object]:
        realized = self._manager.realization.view(self._manager.store)
        return routing.tables(realized, gateway, forwarding=forwarding, down=self._manager.runtime.down())

    def _number_of_routes(self, gateway: str) -> Object:
        """Tier0NumberOfRoutesResult: of the edge that has most."""
        self._manager.get(gateway)
        counts = [
            [
                sum(ip_network(entry["network"]).version == version for entry in table["route_entries"])
                for version in (4, 6)
            ]
            for table in self._tables(gateway, forwarding=False)
        ] or [[0, 0]]
        return {"number_of_ipv4": max(four for four, _ in counts), "number_of_ipv6": max(six for _, six in counts)}

    # objects

    def _object(self, request: Request, user: User) -> Answer:
        path = request.path.removeprefix(PREFIX)
        place = locate(path)
        if place is not None and not self._manager.settings.profile.has(place):
            raise errors.no_such_path(request.path)
        if place is None:
            raise operations.unanswered(request.method, request.path)
        if place.is_collection:
            query = request.parameters()
            leaving = query.get("include_mark_for_delete_objects", "false").lower() == "true"
            found = self._manager.children(path, with_leaving=leaving)
            return Answer(body=listing.page(found, query, show=self._manager.shown, added=ADDED))
        match request.method:
            case "GET":
                return Answer(body=self._manager.get(path))
            case "PATCH":
                self._manager.patch(path, request.json(), user.name, merge=_merge_wanted(request))
                return Answer()
            case "PUT":
                return Answer(body=self._manager.put(path, request.json(), user.name))
            case "DELETE":
                self._manager.delete(path)
                return Answer()
        raise operations.unanswered(request.method, request.path)

    def _get_infra(self, request: Request, user: User) -> Answer:
        return Answer(body=self._manager.infra_tree(request.parameters().get("filter", "")))

    def _patch_tree(self, request: Request, user: User, root: Kind) -> Answer:
        if root is kinds.ORG_ROOT and not self._manager.settings.profile.vpcs:
            raise errors.no_such_path(request.path)
        enforce = request.parameters().get("enforce_revision_check", "false").lower() == "true"
        self._manager.patch_tree(request.json(), user.name, enforce_revision=enforce, root=root)
        return Answer()

    # the rest

    def _version(self, request: Request, user: User) -> Answer:
        profile = self._manager.settings.profile
        return Answer(body={"node_version": profile.node_version, "product_version": profile.product_version})

    def _search(self, request: Request, user: User) -> Answer:
        parameters = request.search_parameters()
        found = self._manager.find(parameters.get("query", ""))
        page = listing.page(found, parameters, search=True, show=self._manager.shown, added=ADDED)
        return Answer(body=page)

    def _entities(self, request: Request, user: User) -> Answer:
        path = _intent_path(request)
        return Answer(body=listing.page(realized.entities(self._manager.realization, path), request.parameters()))

    def _status(self, request: Request, user: User) -> Answer:
        path = _intent_path(request)
        version = int(self._manager.get(path)["_revision"])
        return Answer(body=realized.status(self._manager.realization, path, version))

    def _alarms(self, request: Request, user: User) -> Answer:
        found: list[Object] = [
            alarm for record in self._manager.realization.alarmed() for alarm in realized.alarms(record)
        ]
        return Answer(body=listing.page(found, request.parameters()))

    def _block_usage(self, request: Request, user: User) -> Answer:
        if not self._manager.settings.profile.vpcs:
            raise errors.no_such_path(request.path)
        found = allocation.block_usage(Transaction(self._manager.store))
        return Answer(body=listing.page(found, request.parameters()))

    def _get_partial_patch(self, request: Request, user: User) -> Answer:
        return Answer(body={"enable_partial_patch": self._manager.settings.partial_patch})

    def _set_partial_patch(self, request: Request, user: User) -> Answer:
        wanted = request.json().get("enable_partial_patch")
        if not isinstance(wanted, bool):
            raise errors.malformed("enable_partial_patch is not true or false")
        self._manager.settings.partial_patch = wanted
        return Answer()


def _merge_wanted(request: Request) -> bool | None:
    """What the header nsx-enable-partial-patch asks for; None without it."""
    text = request.headers.get("nsx-enable-partial-patch", "")
    return text.lower() == "true" if text else None


def _intent_path(request: Request) -> str:
    path = request.parameters().get("intent_path", "")
    if not path:
        raise errors.malformed("the parameter intent_path is missing")
    return path
