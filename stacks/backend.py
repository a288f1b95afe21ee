"""Where a stack's state is kept. Always said: cdktf's own default writes an absolute path into the stack."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from egress.domain.state import HttpState, LocalState, PgState, S3State
from egress.escape import terraform
from egress.layout import STATES
from tier0_egress.cdk import HttpBackend, LocalBackend, PgBackend, S3Backend, S3BackendEndpointConfig, TerraformStack

from .provider import FROM_STACK_TO_ROOT

State = LocalState | PgState | S3State | HttpState


def add_backend(stack: TerraformStack, name: str, state: State) -> None:
    """Keeps the state of the stack `name` as `state` says."""
    match state:
        case LocalState():
            LocalBackend(stack, path=f"{FROM_STACK_TO_ROOT}/{STATES}/{state.file(name)}")
        case PgState():
            PgBackend(stack, conn_str="", schema_name=state.schema_of(name))
            stack.add_override("terraform.backend.pg.conn_str", None)  # it holds a password: PG_CONN_STR gives it
        case S3State():
            _s3(stack, name, state)
        case HttpState():
            _http(stack, state)


def engine_version(state: State) -> str:
    """Versions of the engine that can keep such a state. S3 with lock files: 1.10, in Terraform and OpenTofu alike."""
    return ">= 1.10" if isinstance(state, S3State) else ">= 1.6"


def _s3(stack: TerraformStack, name: str, state: S3State) -> None:
    other = True if state.endpoint else None  # a store that is not AWS has no account, regions or metadata to look up
    S3Backend(
        stack,
        bucket=terraform(state.bucket),
        key=terraform(state.key_of(name)),
        region=terraform(state.region),
        encrypt=True,
        endpoints=S3BackendEndpointConfig(s3=terraform(state.endpoint)) if state.endpoint else None,
        use_path_style=other,
        skip_credentials_validation=other,
        skip_metadata_api_check=other,
        skip_region_validation=other,
        skip_requesting_account_id=other,
        skip_s3_checksum=other,
    )
    stack.add_override("terraform.backend.s3.use_lockfile", True)  # cdktf 0.21 is older than this setting


def _http(stack: TerraformStack, state: HttpState) -> None:
    lock = _below(state.address, "lock")
    HttpBackend(
        stack,
        address=terraform(state.address),
        lock_address=terraform(state.lock_address or lock),
        lock_method="POST",
        unlock_address=terraform(state.unlock_address or lock),
        unlock_method="DELETE",
        retry_wait_min=5,
    )


def _below(address: str, name: str) -> str:
    """An address one step further, whether it ends in a slash or carries a query."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
