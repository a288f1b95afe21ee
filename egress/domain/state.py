"""Where a stack's Terraform state lives. Credentials of a backend come from the environment, never from the file."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from egress.domain.fields import StoreText, StoreUrl


def given(model: type[BaseModel], value: Any) -> Any:
    """What a file gives: a known key whose value is null is left out, an unknown one stays, to be refused."""
    if not isinstance(value, dict):
        return value
    if None not in value.values():
        return value
    return {name: one for name, one in value.items() if one is not None or name not in model.model_fields}


class _Backend(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: Any) -> Any:
        return given(cls, value)


class LocalState(_Backend):
    """A file `state/<stack>.tfstate` in the project folder. For one person on one machine."""

    backend: Literal["local"] = Field(
        description="local: a file state/<stack>.tfstate in the project folder, for one person on one machine"
    )

    @staticmethod
    def file(stack: str) -> str:
        """The state's file name."""
        return f"{stack}.tfstate"


class PgState(_Backend):
    """PostgreSQL with locks. Connection string: PG_CONN_STR. `schema_name` left out: the stack's name."""

    backend: Literal["pg"] = Field(description="pg: PostgreSQL with locks; connection string in PG_CONN_STR")
    schema_name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$")] | None = Field(
        None, description="schema that holds the state; left out: the stack's name"
    )

    def schema_of(self, stack: str) -> str:
        """The schema that holds the state."""
        return self.schema_name or stack


class S3State(_Backend):
    """S3 or a store that speaks it, with lock files (engine >= 1.10). Credentials: the AWS_* variables.

    `key` left out: `<stack>.tfstate`. `endpoint` left out: AWS.
    """

    backend: Literal["s3"] = Field(
        description="s3: S3 or a store that speaks it, with lock files; credentials in the AWS_* variables"
    )
    bucket: StoreText = Field(description="name of the bucket")
    key: StoreText | None = Field(None, description="object key; left out: <stack>.tfstate")
    region: StoreText = Field(description="region of the bucket")
    endpoint: StoreUrl | None = Field(None, description="https address of another store; left out: AWS")

    def key_of(self, stack: str) -> str:
        """The object that holds the state."""
        return self.key or f"{stack}.tfstate"


class HttpState(_Backend):
    """GitLab or another HTTP state store, with locks. Credentials: TF_HTTP_USERNAME and TF_HTTP_PASSWORD.

    `lock_address` and `unlock_address` left out: `<address>/lock`, with POST and DELETE, as GitLab has it.
    """

    backend: Literal["http"] = Field(
        description="http: GitLab or another HTTP state store; credentials in TF_HTTP_USERNAME and TF_HTTP_PASSWORD"
    )
    address: StoreUrl = Field(description="https address of the state")
    lock_address: StoreUrl | None = Field(None, description="https address for locking; left out: <address>/lock")
    unlock_address: StoreUrl | None = Field(None, description="https address for unlocking; left out: <address>/lock")


State = Annotated[LocalState | PgState | S3State | HttpState, Field(discriminator="backend")]
