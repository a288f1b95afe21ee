"""Where a stack's Terraform state lives. Credentials of a backend come from the environment, never from the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from egress.domain.fields import StoreText, StoreUrl


def given(model: type[BaseModel], value: Any) -> Any:
    """What a file gives: a known key whose value is null is left out, an unknown one stays, to be refused."""
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if one is not None or name not in model.model_fields}


class _Backend(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: Any) -> Any:
        return given(cls, value)


class LocalState(_Backend):
    """A file `state/<stack>.tfstate` in the project folder. For one person on one machine."""

    backend: Literal["local"]


class PgState(_Backend):
    """PostgreSQL with locks. Connection string: PG_CONN_STR. `schema_name` left out: the stack's name."""

    backend: Literal["pg"]
    schema_name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$")] | None = None


class S3State(_Backend):
    """S3 or a store that speaks it, with lock files (engine >= 1.10). Credentials: the AWS_* variables.

    `key` left out: `<stack>.tfstate`. `endpoint` left out: AWS.
    """

    backend: Literal["s3"]
    bucket: StoreText
    key: StoreText | None = None
    region: StoreText
    endpoint: StoreUrl | None = None


class HttpState(_Backend):
    """GitLab or another HTTP state store, with locks. Credentials: TF_HTTP_USERNAME and TF_HTTP_PASSWORD.

    `lock_address` and `unlock_address` left out: `<address>/lock`, with POST and DELETE, as GitLab has it.
    """

    backend: Literal["http"]
    address: StoreUrl
    lock_address: StoreUrl | None = None
    unlock_address: StoreUrl | None = None


State = Annotated[LocalState | PgState | S3State | HttpState, Field(discriminator="backend")]
