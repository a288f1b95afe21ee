"""What stands in a stack: resources, data sources, providers, backends and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from egress.recorder.construct import Construct, Named
from egress.recorder.handover import hand_over
from egress.recorder.kinds import Kind, block, blocks, flag, struct, taken, text, texts, whole
from egress.recorder.records import NAME, Contents, Element
from egress.recorder.stack import TerraformStack, stack_of
from egress.recorder.texts import mark

Postcondition = struct("Postcondition", "condition error_message", condition=text, error_message=text)
TerraformResourceLifecycle = struct(
    "TerraformResourceLifecycle", prevent_destroy=flag, ignore_changes=texts, postcondition=blocks(Postcondition)
)


class TerraformElement(Construct):
    """What has a name in the configuration: the one it is given, or its construct path if that has one part."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if not cls.__module__.startswith(f"{__package__}."):
            hand_over(f"{cls.__name__}, a kind of element of the program's own")

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        stack = stack_of(scope)
        if stack is None:
            hand_over(f"{type(self).__name__} outside of a stack")
        self.node.element = Element(self.node)
        self.node.contents = stack.node.contents

    def override_logical_id(self, new_logical_id: str) -> None:
        """Names it. cdktf takes no other name once something refers to it."""
        element = of(self)
        if element.settled_name or not isinstance(new_logical_id, str) or not NAME.fullmatch(new_logical_id):
            hand_over("a name that is given late, or an odd one")
        element.given_name = new_logical_id

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            hand_over(f"{type(self).__name__}.{name} set from outside")
        super().__setattr__(name, value)


def of(construct: TerraformElement) -> Element:
    """What is known of an element."""
    element = construct.node.element
    assert element is not None
    return element


def _stack(construct: TerraformElement) -> Contents:
    contents = construct.node.contents
    assert contents is not None
    return contents


class TerraformProvider(TerraformElement):
    """A provider block."""

    TYPE: ClassVar[str] = ""
    KINDS: ClassVar[Mapping[str, Kind]] = {}

    def __init__(self, scope: Construct, id_: str, **given: object) -> None:
        super().__init__(scope, id_)
        element = of(self)
        element.kind, element.values = self.TYPE, taken(self.KINDS, frozenset(), given, type(self).__name__)
        _stack(self).providers.append(element)

    @property
    def terraform_resource_type(self) -> str:
        """Name of the provider, as resources of it begin."""
        return self.TYPE


class Block(TerraformElement):
    """A resource or a data source."""

    MODE: ClassVar[str] = "resource"
    TYPE: ClassVar[str] = ""
    KINDS: ClassVar[Mapping[str, Kind]] = {}
    REQUIRED: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        scope_: Construct,
        id_: str,
        /,
        *,
        provider: object = None,
        depends_on: object = None,
        lifecycle: object = None,
        **given: object,
    ) -> None:
        super().__init__(scope_, id_)
        values = taken(self.KINDS, self.REQUIRED, given, type(self).__name__)
        if lifecycle is not None:
            values["lifecycle"] = block(TerraformResourceLifecycle)(lifecycle)
        if depends_on is not None:
            values["depends_on"] = _addresses(depends_on)
        if provider is not None:
            if not isinstance(provider, TerraformProvider):
                hand_over("a provider of another kind")
            values["provider"] = provider.TYPE
        element = of(self)
        element.mode, element.kind, element.values = self.MODE, self.TYPE, values
        _stack(self).blocks.append(element)

    @property
    def terraform_resource_type(self) -> str:
        """Type of the resource."""
        return self.TYPE

    @property
    def path(self) -> str:
        """Policy path; a token."""
        return attribute(self, "path")


def attribute(construct: Block, name: str) -> str:
    """A token for an attribute that only Terraform knows."""
    return mark(f"{of(construct).address}.{name}")


def _addresses(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        hand_over("depends_on of another kind")
    return [of(one).address if isinstance(one, Block) else hand_over("depends_on of another kind") for one in value]


class TerraformResource(Block):
    """A resource."""


class TerraformDataSource(Block):
    """A data source."""

    MODE = "data"


class TerraformOutput(TerraformElement):
    """An output of a stack."""

    def __init__(self, scope: Construct, id_: str, *, value: object, **more: object) -> None:
        super().__init__(scope, id_)
        if not isinstance(scope, TerraformStack):
            hand_over("an output that is not the stack's own")
        kinds: dict[str, Kind] = {"description": text, "sensitive": flag}
        of(self).values = {"value": text(value), **taken(kinds, frozenset(), more, "TerraformOutput")}
        _stack(self).outputs.append(of(self))


class TerraformBackend(TerraformElement):
    """Where a stack's state is kept."""

    TYPE: ClassVar[str] = ""
    KINDS: ClassVar[Mapping[str, Kind]] = {}

    def __init__(self, scope: Construct, **given: object) -> None:
        super().__init__(scope, "backend")
        element = of(self)
        element.kind, element.values = self.TYPE, taken(self.KINDS, frozenset(), given, type(self).__name__)
        _stack(self).backends.append(element)


class LocalBackend(TerraformBackend):
    """A file."""

    TYPE = "local"
    KINDS: ClassVar[Mapping[str, Kind]] = {"path": text}


class PgBackend(TerraformBackend):
    """PostgreSQL."""

    TYPE = "pg"
    KINDS: ClassVar[Mapping[str, Kind]] = {"conn_str": text, "schema_name": text}


S3BackendEndpointConfig = struct("S3BackendEndpointConfig", s3=text)


class S3Backend(TerraformBackend):
    """S3, or a store that speaks its language."""

    TYPE = "s3"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **dict.fromkeys(("bucket", "key", "region"), text),
        "encrypt": flag,
        "endpoints": block(S3BackendEndpointConfig),
        **dict.fromkeys(
            (
                "use_path_style",
                "skip_credentials_validation",
                "skip_metadata_api_check",
                "skip_region_validation",
                "skip_requesting_account_id",
                "skip_s3_checksum",
            ),
            flag,
        ),
    }


class HttpBackend(TerraformBackend):
    """An HTTP server."""

    TYPE = "http"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **dict.fromkeys(
            ("address", "lock_address", "lock_method", "unlock_address", "unlock_method", "update_method"), text
        ),
        "retry_wait_min": whole,
    }


class IResolvable(Named):
    """For annotations."""


class ITerraformDependable(Named):
    """For annotations."""


class Op(Named):
    """Operators of expressions: cdktf's."""


class TerraformSelf(Named):
    """Attributes of the resource itself: cdktf's."""


class Token(Named):
    """Tokens: cdktf's, but for those that blocks give out."""
