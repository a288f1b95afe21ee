"""Where an object lives: the gateway it hangs on, the manager or project it belongs to, the URL of it."""

from __future__ import annotations

from dataclasses import dataclass

from nsx_lab.provider.values.record import Record
from nsx_lab.provider.wire.client import Client, path_escape
from nsx_lab.provider.wire.errors import ProviderError


@dataclass(frozen=True)
class Scope:
    """Local manager, global manager or a project of a local one; `from_global` looks for global objects in a local one."""

    global_manager: bool = False
    project: str = ""
    from_global: bool = False

    @property
    def root(self) -> str:
        """The URL path of the policy tree."""
        if self.project:
            return f"/policy/api/v1/orgs/default/projects/{path_escape(self.project)}/infra"
        return "/global-manager/api/v1/global-infra" if self.global_manager else "/policy/api/v1/infra"

    @property
    def search(self) -> str:
        """The URL path of the search."""
        return "/global-manager/api/v1/search/query" if self._is_global else "/policy/api/v1/search/query"

    @property
    def _is_global(self) -> bool:
        return self.global_manager and not self.project

    @property
    def search_path(self) -> str:
        """The condition that keeps a search within this scope."""
        if self.project:
            return f"path:\\/orgs\\/default\\/projects\\/{self.project}*"
        return "path:\\/global-infra*" if self._is_global or self.from_global else "path:\\/infra*"


def scope_of(record: Record, client: Client, has_context: bool) -> Scope:
    """The scope that a record's context block and the provider block ask for."""
    contexts = record.get("context") if has_context else []
    context = contexts[0] if contexts else {}
    from_global = bool(context.get("from_global"))
    project = "" if from_global else context.get("project_id") or ""
    return Scope(client.settings.global_manager and not project, project, from_global)


@dataclass(frozen=True)
class GatewayPath:
    """A gateway by its policy path. Whatever does not say tier-0s is taken for a Tier-1, as the provider does."""

    is_tier0: bool
    id: str

    @classmethod
    def parse(cls, path: str) -> GatewayPath:
        """Look at the last two segments only."""
        segments = path.split("/")
        if len(segments) < 3:
            return cls(False, "")
        return cls(segments[-2] == "tier-0s", segments[-1])


def url_of(scope: Scope, gateway: GatewayPath, *segments: str, tier0: bool = False) -> str:
    """The URL path of an object below a gateway."""
    tier = "tier-0s" if gateway.is_tier0 or tier0 else "tier-1s"
    return "/".join([scope.root, tier, *(path_escape(s) for s in (gateway.id, *segments))])


def refuse_project_of_tier0(scope: Scope, gateway: GatewayPath) -> None:
    """Projects have no Tier-0 gateways of their own."""
    if gateway.is_tier0 and scope.project:
        raise ProviderError("context use not supported with Tier0 gateways")
