"""The file that a running lab writes: how to reach it, and its throw-away credentials. Format: docs/architecture.md."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from egress.domain.fields import Host
from egress.domain.problems import EgressError


class ResidentStandIn(BaseModel):
    """A stand-in that runs already: the Unix socket on which it serves engines, and the plugin protocol's version."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    socket: Path
    protocol: int


class LabTarget(BaseModel):
    """A running lab. `host` is host:port on loopback, `ca` the PEM text of the authority that signed its certificate.

    `stand_in`: None for a lab whose engines start the stand-in by themselves.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    format: Literal["nsx-lab"]
    version: Literal[1]
    host: Host
    ca: Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----[\s\S]+$")]
    username: str
    password: SecretStr
    control_token: SecretStr
    pid: int
    stand_in: ResidentStandIn | None = None

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Reads a lab file. Errors: EgressError when it is missing, unreadable or of another format."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise EgressError(
                f"EGRESS_LAB names {str(path)!r}, which does not exist: is the lab still running? start one with egress lab"
            ) from None
        except OSError as error:
            raise EgressError(f"the lab file {str(path)!r} cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise EgressError(
                f"{str(path)!r} is not a lab file of version 1: {where}: {first['msg'].lower()}"
            ) from None
