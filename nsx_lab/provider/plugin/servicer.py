"""Plugin protocol 6: protobuf in, protobuf out. Everything else is elsewhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from nsx_lab.provider.provider import PartlyDoneError, Provider
from nsx_lab.provider.values import plan, validation
from nsx_lab.provider.values.schema import Block
from nsx_lab.provider.values.values import Value, from_json, from_msgpack, to_msgpack
from nsx_lab.provider.wire.errors import ProviderError

_LOG = logging.getLogger("nsx_lab.provider")
_PRIVATE = b"null"  # what the SDK stores as private state of these resources
_NESTING = {"list": pb.Schema.NestedBlock.LIST, "set": pb.Schema.NestedBlock.SET}


class Servicer(rpc.ProviderServicer):  # type: ignore[misc]
    """The stand-in's side of the protocol."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def GetMetadata(self, request: Any, context: Any) -> Any:
        return pb.GetMetadata.Response(
            server_capabilities=_capabilities(),
            resources=[pb.GetMetadata.ResourceMetadata(type_name=n) for n in self._provider.resources],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=n) for n in self._provider.data_sources],
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return pb.GetProviderSchema.Response(
            provider=_schema(self._provider.block),
            resource_schemas={n: _schema(b) for n, b in self._provider.resources.items()},
            data_source_schemas={n: _schema(b) for n, b in self._provider.data_sources.items()},
            server_capabilities=_capabilities(),
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        config = _read(self._provider.block, request.config)
        response = pb.ValidateProviderConfig.Response()
        _guard(
            response, lambda: _complain(response, self._provider.validate_config(config or self._provider.block.null()))
        )
        return response

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        block = self._provider.resources[request.type_name]
        response = pb.ValidateResourceConfig.Response()
        _complain(response, validation.validate(block, _read(block, request.config) or block.null()))
        return response

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        block = self._provider.data_sources[request.type_name]
        config = _read(block, request.config) or block.null()
        response = pb.ValidateDataResourceConfig.Response()
        _complain(response, validation.null_elements(block, config) or validation.validate(block, config))
        return response

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        config = _read(self._provider.block, request.config) or self._provider.block.null()
        response = pb.ConfigureProvider.Response()
        _guard(response, lambda: self._provider.configure(config))
        return response

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        block = self._provider.resources[request.type_name]
        state = block.conform(from_json(request.raw_state.json))
        state.update({n: [] for n in block.blocks if state[n] is None})
        return pb.UpgradeResourceState.Response(upgraded_state=_write(state))

    def ReadResource(self, request: Any, context: Any) -> Any:
        prior = _read(self._provider.resources[request.type_name], request.current_state)
        response = pb.ReadResource.Response(private=request.private)

        def work() -> None:
            state = None if prior is None else self._provider.read(request.type_name, prior)
            response.new_state.CopyFrom(_write(state))

        _guard(response, work)
        return response

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        block = self._provider.resources[request.type_name]
        prior, proposed = _read(block, request.prior_state), _read(block, request.proposed_new_state)
        response = pb.PlanResourceChange.Response(planned_private=request.prior_private, legacy_type_system=True)
        if proposed is None:
            response.planned_state.CopyFrom(request.proposed_new_state)
            return response
        nulls = validation.null_elements(block, proposed)  # the SDK looks for them in a plan, not when it validates
        if nulls:
            _complain(response, nulls)
            return response
        planned = plan.plan(block, prior, proposed)
        response.planned_state.CopyFrom(_write(planned.values))
        response.requires_replace.extend(_path(p) for p in planned.replace)
        return response

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        block = self._provider.resources[request.type_name]
        prior, planned = _read(block, request.prior_state), _read(block, request.planned_state)
        response = pb.ApplyResourceChange.Response(private=_PRIVATE)

        def work() -> None:
            try:
                state = self._provider.apply(request.type_name, prior, planned)
            except PartlyDoneError as failed:
                response.new_state.CopyFrom(_write(failed.state))
                response.legacy_type_system = failed.state is not None
                raise failed.error from failed
            response.new_state.CopyFrom(_write(state))
            response.legacy_type_system = state is not None  # as in the SDK: an object that is gone gets no such grace

        response.new_state.CopyFrom(request.prior_state)
        _guard(response, work)
        return response

    def ImportResourceState(self, request: Any, context: Any) -> Any:
        response = pb.ImportResourceState.Response()

        def work() -> None:
            state = self._provider.take(request.type_name, request.id)
            response.imported_resources.add(type_name=request.type_name, state=_write(state), private=_PRIVATE)

        _guard(response, work)
        return response

    def MoveResourceState(self, request: Any, context: Any) -> Any:
        response = pb.MoveResourceState.Response()
        kind = request.target_type_name
        detail = f'The "{kind}" resource type does not support moving resource state across resource types.'
        _complain(response, [validation.Complaint("Move Resource State Not Supported", (), detail)])
        return response

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        block = self._provider.data_sources[request.type_name]
        config = _read(block, request.config) or block.null()
        response = pb.ReadDataSource.Response()
        _guard(response, lambda: response.state.CopyFrom(_write(self._provider.read_data(request.type_name, config))))
        return response

    def GetFunctions(self, request: Any, context: Any) -> Any:
        return pb.GetFunctions.Response()

    def CallFunction(self, request: Any, context: Any) -> Any:
        return pb.CallFunction.Response(error=pb.FunctionError(text=f"Function Not Found: {request.name}"))

    def StopProvider(self, request: Any, context: Any) -> Any:
        self._provider.stop()
        return pb.StopProvider.Response()


def _capabilities() -> Any:
    return pb.ServerCapabilities(get_provider_schema_optional=True)


def _read(block: Block, value: Any) -> dict[str, Value] | None:
    decoded = from_json(value.json) if value.json else from_msgpack(value.msgpack)
    return None if decoded is None else block.conform(decoded)


def _write(value: Value) -> Any:
    return pb.DynamicValue(msgpack=to_msgpack(value))


def _guard(response: Any, work: Callable[[], None]) -> None:
    """Run an operation; what goes wrong becomes a diagnostic, never a traceback."""
    try:
        work()
    except ProviderError as error:
        _complain(response, [validation.Complaint(str(error), ())])
    except Exception as error:  # the last line of defence: a bug here must not look like a crash of the engine
        _LOG.exception("internal error")
        told = f"internal error in the lab's stand-in for vmware/nsxt: {type(error).__name__}: {error}"
        _complain(response, [validation.Complaint(told, ())])


def _complain(response: Any, complaints: Iterable[validation.Complaint]) -> None:
    for complaint in complaints:
        response.diagnostics.add(
            severity=pb.Diagnostic.ERROR,
            summary=complaint.summary,
            detail=complaint.detail,
            attribute=_path(complaint.path) if complaint.path else None,
        )


def _path(path: plan.Path) -> Any:
    steps = [
        pb.AttributePath.Step(attribute_name=step)
        if isinstance(step, str)
        else pb.AttributePath.Step(element_key_int=step)
        for step in path
    ]
    return pb.AttributePath(steps=steps)


def _schema(block: Block) -> Any:
    return pb.Schema(version=0, block=_block(block))


def _block(block: Block) -> Any:
    attributes = [
        pb.Schema.Attribute(
            name=a.name,
            type=json.dumps([a.container, a.kind] if a.container else a.kind).encode(),
            required=a.required,
            optional=a.optional,
            computed=a.computed,
            sensitive=a.sensitive,
        )
        for a in sorted(block.attributes.values(), key=lambda a: a.name)
    ]
    nested = [
        pb.Schema.NestedBlock(
            type_name=n.name,
            block=_block(n.block),
            nesting=_NESTING[n.nesting],
            min_items=n.min_items,
            max_items=n.max_items,
        )
        for n in sorted(block.blocks.values(), key=lambda n: n.name)
    ]
    return pb.Schema.Block(attributes=attributes, block_types=nested)
