"""A lab as a value: starts with `with`, ends with it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nsx_lab.manager.http.app import LabApp
from nsx_lab.manager.http.control import control_app
from nsx_lab.manager.http.faults import documents_of
from nsx_lab.manager.http.labfile import LabFile
from nsx_lab.manager.http.page import link
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.server import Server
from nsx_lab.manager.http.tls import ClientCertificate, temporary_ca_file
from nsx_lab.manager.nsx import facts
from nsx_lab.manager.nsx.settings import Settings
from nsx_lab.manager.store import collector
from nsx_lab.manager.store.database import Database
from nsx_lab.manager.store.errors import NsxError
from nsx_lab.manager.store.seed import Seed, SeedError, of_document, of_path, read_yaml
from nsx_lab.manager.store.store import Change, Object
from nsx_lab.stand_in import Resident

if TYPE_CHECKING:
    from nsx_lab.manager.http.client import Control

SeedSource = Mapping[str, Any] | Path | str | None


class Lab:
    """An NSX Manager's Policy API over TLS, in a thread of this process.

    `seed`: a seed document, the path of a seed file, of a folder of saved answers or of a terraform.tfstate, or nothing (a fresh manager).
    `data_dir`: where the configuration outlives the process, of one lab at a time; what is there wins over the seed. `profile`: "3.2", "4.2" (default) or "9.1". `host`: the address
    to listen on, loopback by default. `port`: 0 (default) takes a free one. `semantics`: "refuse" (default) or "realize". `faults`: a fault
    document or a YAML file of one. `limits`: the product's limits of 100 requests per second and 40 outstanding ones. `settings`: others of
    nsx_lab.manager.nsx.settings.Settings by name.
    """

    def __init__(
        self,
        seed: SeedSource = None,
        *,
        data_dir: Path | None = None,
        profile: str = "4.2",
        host: str = "127.0.0.1",
        port: int = 0,
        username: str = "admin",
        password: str = "",
        semantics: str = "refuse",
        faults: Mapping[str, Any] | Path | None = None,
        limits: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = Settings()
        self._settings.change({"profile": profile, "semantics": semantics, **(settings or {})})
        self.world = World(self._settings, username, password)
        if limits:
            self.world.limits.rate, self.world.limits.outstanding = 100, 40
        if faults is not None:
            source = str(faults) if isinstance(faults, Path) else "faults"
            self.world.faults.set(*documents_of(read_yaml(faults) if isinstance(faults, Path) else faults, source))
        if seed is not None:
            self.world.first_seed = of_path(Path(seed)) if isinstance(seed, str | Path) else of_document(seed)
        self._database = Database(data_dir) if data_dir is not None else None
        try:
            self._begin()
            self._server = Server(
                LabApp(self.world, control_app(self.world)), self.world.authority.server_context(host), host, port
            )
        except BaseException:
            if self._database is not None:
                self._database.close()
            raise
        self.world.fail_over = self._server.fail_over
        self._control: Control | None = None
        self._resident: Resident | None = None

    @collector.paused()
    def _begin(self) -> None:
        """From the data directory if there is anything in it, else from the seed."""
        manager, database = self.world.manager, self._database
        stored = database.load(lambda objects: facts.check_all(objects, types=False)) if database is not None else []
        if stored:
            manager.load(stored)
        elif self.world.first_seed is not None:
            self._seed(self.world.first_seed)
        if database is not None:
            if not stored:
                database.save([Change(obj["path"], None, obj) for obj in manager.store.objects()])
            manager.commit_hooks.append(database.save)

    def _seed(self, seed: Seed) -> None:
        try:
            self.world.manager.seed(seed)
        except (NsxError, ValueError) as error:
            raise SeedError(f"the manager refuses the seed: {error}") from error

    def start(self) -> Self:
        """Accepts connections once it returns."""
        self._server.start()
        return self

    def stop(self) -> None:
        if self._resident is not None:
            self._resident.stop()
            self._resident = None
        if self._control is not None:
            self._control.close()
        self._server.stop()
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """host:port."""
        return self._server.address

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    @property
    def ca_pem(self) -> str:
        """The CA certificate that the lab's own is signed with."""
        return self.world.authority.pem

    @property
    def username(self) -> str:
        return self.world.username

    @property
    def password(self) -> str:
        return self.world.password

    @property
    def control_token(self) -> str:
        return self.world.control_token

    def page(self) -> str:
        """The address that opens the lab's page in a browser, once; see nsx_lab.manager.http.page."""
        return self.url + link(self.world)

    @property
    def control(self) -> Control:
        """A client of the control plane."""
        if self._control is None:
            # here, because httpx costs a fifth of the start and `nsx-lab serve` needs none
            from nsx_lab.manager.http.client import Control

            self._control = Control(self.host, self.ca_pem, self.control_token)
        return self._control

    def lab_file(self, *, stand_in: bool = True) -> LabFile:
        """What the lab file holds. `stand_in` False leaves out the resident one: engines then start their own."""
        if stand_in and self._resident is None:
            with contextlib.suppress(OSError):  # no socket can be made: engines start their own
                self._resident = Resident({"NSXT_USERNAME": self.username, "NSXT_PASSWORD": self.password})
        found = self._resident.socket if stand_in and self._resident is not None else None
        return LabFile(self.host, self.ca_pem, self.username, self.password, self.control_token, os.getpid(), found)

    def write_lab_file(self, path: Path, *, stand_in: bool = True) -> LabFile:
        """Writes the lab file that `EGRESS_LAB` may name. `stand_in`: see lab_file."""
        document = self.lab_file(stand_in=stand_in)
        document.write(Path(path))
        return document

    @contextmanager
    def announced(self, lab_file: Path | None) -> Iterator[str]:
        """Tells others how to come in while it lasts: by a lab file or, without one, by a CA file and credentials. Yields the words for it."""
        if lab_file is not None:
            document = self.write_lab_file(lab_file)
            try:
                yield f"lab file {lab_file}"
            finally:
                document.remove(lab_file)
        else:
            ca_file = temporary_ca_file(self.ca_pem)
            try:
                yield f"CA file {ca_file}, user {self.username}, password {self.password}"
            finally:
                ca_file.unlink(missing_ok=True)

    def client_certificate(self, user: str) -> ClientCertificate:
        """A certificate by which a known user may come in."""
        return self.world.authority.client_certificate(user)

    def add_user(self, name: str, password: str, role: str = "enterprise_admin") -> None:
        """Another user; role enterprise_admin, network_engineer or auditor (read-only)."""
        with self.world.manager.lock:
            self.world.door.add_user(name, password, role)

    def realized(self) -> dict[str, Object]:
        """What the data plane has: realized objects by path. The objects are the lab's own: read, do not alter."""
        with self.world.manager.lock:
            return self.world.manager.realization.realized()

    def report_nat(self, rule_path: str, packets: int, octets: int, sessions: int = 0) -> None:
        """What a data plane counted for a NAT rule; shown by the rule's statistics."""
        with self.world.manager.lock:
            self.world.manager.counters.report(rule_path, packets, octets, sessions)

    def on_realized(self, callback: Callable[[list[Change]], None]) -> Callable[[], None]:
        """Calls back with the changes of the realized configuration, once for each accepted and realized write.

        The callback runs while the lab is locked: it should note the change and return. Returns a function that ends it.
        """
        hooks = self.world.manager.realization.hooks
        hooks.append(callback)
        return lambda: hooks.remove(callback)
