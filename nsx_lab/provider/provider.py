"""The provider as plain Python: schemas and operations on values, without gRPC."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from nsx_lab.provider import datasources
from nsx_lab.provider.lifecycle import Lifecycle
from nsx_lab.provider.objects.bfd_peer import BFD_PEER
from nsx_lab.provider.objects.kind import ResourceKind
from nsx_lab.provider.objects.nat_rule import NAT_RULE
from nsx_lab.provider.objects.prefix_list import PREFIX_LIST
from nsx_lab.provider.objects.static_route import STATIC_ROUTE
from nsx_lab.provider.values import validation
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Block, build, load
from nsx_lab.provider.values.values import Value
from nsx_lab.provider.wire import settings
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.clock import WALL, Clock
from nsx_lab.provider.wire.errors import ProviderError
from nsx_lab.provider.wire.versions import RECORDED, Version

KINDS: Mapping[str, ResourceKind] = {k.type_name: k for k in (STATIC_ROUTE, NAT_RULE, BFD_PEER, PREFIX_LIST)}
Values = dict[str, Value]


class PartlyDoneError(Exception):
    """An operation that failed after it had changed something: `state` is what is left."""

    def __init__(self, state: Values | None, error: ProviderError) -> None:
        super().__init__(str(error))
        self.state = state
        self.error = error


class Provider:
    """One configured provider. Operations may run at the same time. `clock`: by which it waits. `release`: which version it is."""

    def __init__(self, clock: Clock = WALL, release: Version = RECORDED) -> None:
        raw = load()
        self._clock = clock
        self._release = release
        self.block: Block = build(raw["provider"]["block"], settings.TRAITS)
        self.resources: Mapping[str, Block] = {
            name: build(raw["resource_schemas"][name]["block"], kind.all_traits) for name, kind in KINDS.items()
        }
        self.data_sources: Mapping[str, Block] = {
            name: build(raw["data_source_schemas"][name]["block"], source.traits)
            for name, source in datasources.DATA_SOURCES.items()
        }
        self._client: Client | None = None
        self._stop = threading.Event()

    def validate_config(self, config: Values) -> list[validation.Complaint]:
        """Check the provider block, with what the environment adds to it."""
        return validation.validate(self.block, settings.with_environment(self.block, config))

    def configure(self, config: Values) -> None:
        """Connect to the manager. Raises ProviderError."""
        if self._client is not None:
            self._client.close()
        self._client = Client(settings.settings(self.block, config), self._clock, self._release)
        self._client.start()

    def stop(self) -> None:
        """End whatever waits for realization."""
        self._stop.set()

    def close(self) -> None:
        """End whatever runs, and forget the manager: the engine has gone."""
        self.stop()
        if self._client is not None:
            self._client.close()

    def read(self, name: str, prior: Values) -> Values | None:
        """Refresh a resource; None if it is gone."""
        record = Record.stored(self.resources[name], prior)
        if not record.id:
            return None
        self._lifecycle(name).read(record)
        return record.state(prior, applying=False)

    def apply(self, name: str, prior: Values | None, planned: Values | None) -> Values | None:
        """Create, update or delete. Raises PartlyDoneError with the state that is left."""
        lifecycle = self._lifecycle(name)
        block = self.resources[name]
        if planned is None:
            record = Record.stored(block, prior or {})
            asked, operation = prior or block.null(), lifecycle.delete
        else:
            record = Record.planned(block, prior, planned)
            asked, operation = planned, lifecycle.update if prior else lifecycle.create
        try:
            operation(record)
        except ProviderError as error:
            # the SDK drops the state of a failed delete too, unless the engine keeps it: it does, an error keeps the prior
            raise PartlyDoneError(prior if planned is None else record.state(asked, applying=True), error) from error
        return None if planned is None else record.state(asked, applying=True)

    def take(self, name: str, identifier: str) -> Values:
        """Import: the bare state that the engine then reads."""
        block = self.resources[name]
        record = Record(block, block.null(), identifier)
        self._lifecycle(name).take(record, identifier)
        return record.imported()

    def read_data(self, name: str, config: Values) -> Values:
        """Read a data source."""
        block = self.data_sources[name]
        record = Record.asked(block, config)
        source = datasources.DATA_SOURCES[name]
        datasources.read(source, record, self._connected(), "context" in block.blocks, self._stop)
        return record.data()

    def _lifecycle(self, name: str) -> Lifecycle:
        return Lifecycle(KINDS[name], self.resources[name], self._connected())

    def _connected(self) -> Client:
        if self._client is None:
            raise ProviderError("the provider is not configured")
        return self._client
