"""The life of a resource, the same for all types: create, read, update, delete, import. The tables say what differs."""

from __future__ import annotations

import uuid
from typing import Any

from nsx_lab.provider.objects.gateways import GatewayPath, Scope, refuse_project_of_tier0, scope_of, url_of
from nsx_lab.provider.objects.kind import ResourceKind
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Block
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.model import convert


class Lifecycle:
    """The operations on one type of resource."""

    def __init__(self, kind: ResourceKind, block: Block, client: Client) -> None:
        self._kind = kind
        self._client = client
        self._has_context = "context" in block.blocks

    def create(self, record: Record) -> None:
        """Write a new object, unless one with the wanted id is there. Sets the record's id once it is written."""
        kind, client = self._kind, self._client
        client.ensure_version()
        kind.check_type(record)
        scope, gateway = self._place(record, checked=kind.gateway.checked, said=kind.words.bad_gateway_first)
        identifier = record.get("nsx_id")
        if identifier:
            self._refuse_existing(record, scope, gateway, identifier)
        else:
            identifier = str(uuid.uuid4())
        self._write(record, scope, gateway, identifier, f"Failed to create {kind.words.create} {identifier}")
        record.id = identifier
        record.set("nsx_id", identifier)
        kind.settle(record)
        self.read(record)

    def read(self, record: Record) -> None:
        """Take the manager's object over; an object that is not there clears the id."""
        kind, client = self._kind, self._client
        client.ensure_version()
        scope, gateway = self._place(record, checked=kind.gateway.checked, said=kind.words.bad_gateway_first)
        url = self._url(scope, gateway, *kind.leaf(record, record.id, True))
        try:
            answer = convert(client.call("GET", url), kind.wire)
        except ApiError as error:
            if error.not_found:
                record.id = ""
                return
            raise self._client.explain(f"Failed to read {kind.words.read} {record.id}", error) from error
        kind.settle(record)
        kind.store(record, client, answer)
        record.set("nsx_id", record.id)

    def update(self, record: Record) -> None:
        """Write the whole object again; no revision is sent, so an edit made meanwhile is lost."""
        kind = self._kind
        self._client.ensure_version()
        scope, gateway = self._place(record, checked=False, said=kind.words.bad_gateway)
        kind.check_type(record)
        self._write(record, scope, gateway, record.id, f"Failed to update {kind.words.update} {record.id}")
        self.read(record)

    def delete(self, record: Record) -> None:
        """Delete the object; one that is not there counts as deleted."""
        kind = self._kind
        self._client.ensure_version()
        scope, gateway = self._place(record, checked=False, said=kind.words.bad_gateway)
        try:
            self._client.call("DELETE", self._url(scope, gateway, *kind.leaf(record, record.id, False)))
        except ApiError as error:
            if not error.not_found:
                raise self._client.explain(f"Failed to delete {kind.words.delete} {record.id}", error) from error

    def take(self, record: Record, identifier: str) -> None:
        """Prepare the record of an import; the engine reads it next."""
        self._client.ensure_version()
        try:
            self._kind.importer(record, self._client, identifier)
        except ApiError as error:
            raise ProviderError(str(error)) from error
        if not record.id:
            raise ProviderError(
                "The provider returned a resource missing an identifier during ImportResourceState. "
                "This is generally a bug in the resource implementation for import. "
                'Resource import code should not call d.SetId("") or create an empty ResourceData. '
                "If the resource is missing, instead return an error. Please report this to the provider developers."
            )

    def _place(self, record: Record, checked: bool, said: str) -> tuple[Scope, GatewayPath]:
        path = record.get("gateway_path")
        gateway = GatewayPath.parse(path)
        if checked and not gateway.is_tier0:
            raise ProviderError(f"Tier0 Gateway path expected, got {path}")
        if not gateway.id:
            raise ProviderError(said)
        scope = scope_of(record, self._client, self._has_context)
        refuse_project_of_tier0(scope, gateway)
        return scope, gateway

    def _url(self, scope: Scope, gateway: GatewayPath, *segments: str) -> str:
        return url_of(scope, gateway, *segments, tier0=self._kind.gateway.tier0_only)

    def _refuse_existing(self, record: Record, scope: Scope, gateway: GatewayPath, identifier: str) -> None:
        kind = self._kind
        url = self._url(scope, gateway, *kind.leaf(record, identifier, False))
        if kind.existing is not None:
            first, *rest = kind.existing(gateway.id, identifier)
            url = self._url(scope, GatewayPath(gateway.is_tier0, first), *rest)
        try:
            convert(self._client.call("GET", url), kind.wire)
        except ApiError as error:
            if error.not_found:
                return
            if kind.explains_existence:
                raise self._client.explain("Error retrieving resource", error) from error
            raise ProviderError(str(error)) from error
        raise ProviderError(kind.words.exists.format(id=identifier))

    def _write(self, record: Record, scope: Scope, gateway: GatewayPath, identifier: str, failed: str) -> None:
        kind = self._kind
        kind.refuse(record, self._client)
        body: dict[str, Any] = kind.body(record, self._client, identifier)
        try:
            self._client.call("PATCH", self._url(scope, gateway, *kind.leaf(record, identifier, False)), body)
        except ApiError as error:
            raise self._client.explain(failed, error) from error
