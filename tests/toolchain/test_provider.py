import json
import socket
from pathlib import Path

import pytest

from egress.domain import EgressError, LabTarget
from egress.toolchain.running import processes
from egress.toolchain.tools.provider import Provider, engine_config, find_provider, reattached


def mirror(folder: Path) -> Path:
    (folder / "registry.terraform.io" / "vmware" / "nsxt").mkdir(parents=True)
    return folder


def test_a_mirror_is_taken_where_it_holds_the_provider(tmp_path: Path) -> None:
    provider = find_provider(tmp_path, lab=False, env={"EGRESS_PROVIDER": f"mirror:{mirror(tmp_path / 'm')}"})
    assert provider.mirror == tmp_path / "m"
    assert not provider.stand_in


def test_a_mirror_without_the_provider_is_refused_with_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match=r"no registry\.terraform\.io/vmware/nsxt in there.*providers mirror"):
        find_provider(tmp_path, lab=True, env={"EGRESS_PROVIDER": f"mirror:{tmp_path}"})


@pytest.mark.parametrize("chosen", ["", "lab"])
def test_a_real_manager_never_gets_the_stand_in(tmp_path: Path, chosen: str) -> None:
    with pytest.raises(EgressError, match="real NSX Manager.*stand-in talks to labs only.*EGRESS_PROVIDER=mirror:DIR"):
        find_provider(tmp_path, lab=False, env={"EGRESS_PROVIDER": chosen})


def test_a_registry_that_the_setup_reached_is_used_for_labs_and_managers(tmp_path: Path) -> None:
    (tmp_path / ".egress").mkdir()
    (tmp_path / ".egress" / "provider.json").write_text('{"registry": true}')
    for lab in (True, False):
        assert find_provider(tmp_path, lab=lab, env={}).mirror is None


@pytest.mark.parametrize("memory", ["", "[]", "{", '{"registry": false}', '{"registry": "yes"}'])
def test_a_memory_that_does_not_say_so_is_no_registry(tmp_path: Path, memory: str) -> None:
    (tmp_path / ".egress").mkdir()
    (tmp_path / ".egress" / "provider.json").write_text(memory)
    with pytest.raises(EgressError, match="no real provider"):
        find_provider(tmp_path, lab=False, env={})


def test_a_word_that_is_no_choice_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="allowed is mirror:DIR, registry or lab"):
        find_provider(tmp_path, lab=True, env={"EGRESS_PROVIDER": "mirror"})


def test_the_engine_config_keeps_the_provider_away_from_any_registry(tmp_path: Path) -> None:
    file = engine_config(Provider("x", tmp_path / 'a "quoted" folder'), tmp_path / "home" / "engine.tfrc")
    assert file is not None
    text = Path(file).read_text()
    assert r"a \"quoted\" folder" in text
    assert 'exclude = ["registry.terraform.io/vmware/nsxt", "registry.opentofu.org/vmware/nsxt"]' in text


def test_a_registry_needs_no_engine_config(tmp_path: Path) -> None:
    assert engine_config(Provider("x", None), tmp_path / "engine.tfrc") is None


class TestMirrorOfTheStandIn:
    """It is written by a program of the lab's, which is not started for what is there already."""

    @pytest.fixture
    def starts(self, monkeypatch: pytest.MonkeyPatch) -> list[list[str | Path]]:
        """Programs that are started, as they are."""
        seen: list[list[str | Path]] = []

        def counted(command: list[str | Path]) -> processes.Ended:
            seen.append(command)
            return processes.run(command)

        monkeypatch.setattr("egress.toolchain.tools.provider.run", counted)
        return seen

    def find(self, root: Path) -> Path:
        found = find_provider(root, lab=True, env={"EGRESS_PROVIDER": "lab"}).mirror
        assert found is not None
        return found

    def launchers(self, mirror: Path) -> list[Path]:
        return sorted(path for path in mirror.rglob("terraform-provider-nsxt_*") if path.is_file())

    @pytest.mark.slow
    def test_it_is_written_once(self, tmp_path: Path, starts: list[list[str | Path]]) -> None:
        assert len(self.launchers(self.find(tmp_path))) == 2
        self.find(tmp_path)
        assert len(starts) == 1

    @pytest.mark.slow
    @pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("x"), lambda file: file.chmod(0o600)])
    def test_it_is_mended(self, tmp_path: Path, starts: list[list[str | Path]], damage: object) -> None:
        launcher = self.launchers(self.find(tmp_path))[0]
        before = launcher.read_bytes()
        damage(launcher)  # type: ignore[operator]
        self.find(tmp_path)
        assert (launcher.read_bytes(), launcher.stat().st_mode & 0o777, len(starts)) == (before, 0o755, 2)

    @pytest.mark.slow
    def test_it_is_written_anew_for_another_lab(
        self, tmp_path: Path, starts: list[list[str | Path]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.find(tmp_path)
        lab = tmp_path / "elsewhere" / "nsx_lab"
        (lab / "provider").mkdir(parents=True)
        (lab / "__init__.py").touch()
        (lab / "provider" / "launcher.sh").write_text("another")
        monkeypatch.syspath_prepend(lab.parent)
        monkeypatch.delitem(__import__("sys").modules, "nsx_lab", raising=False)
        self.find(tmp_path)
        assert len(starts) == 2


def lab_with(stand_in: object) -> LabTarget:
    known = {"format": "nsx-lab", "version": 1, "host": "127.0.0.1:40443", "username": "admin", "password": "p"}
    more = {"ca": "-----BEGIN CERTIFICATE-----\nx\n", "control_token": "t", "pid": 4711}
    return LabTarget.model_validate({**known, **more, **({"stand_in": stand_in} if stand_in else {})})


class TestReattached:
    """An engine is handed the lab's resident stand-in, and nothing else ever."""

    STAND_IN = Provider("the stand-in", None, stand_in=True)

    def test_a_lab_that_has_one_hands_it_to_the_engine(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sock"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            env = reattached(self.STAND_IN, lab_with({"socket": str(path), "protocol": 6, "later": "more"}))
        known = json.loads(env["TF_REATTACH_PROVIDERS"])
        assert sorted(known) == ["registry.opentofu.org/vmware/nsxt", "registry.terraform.io/vmware/nsxt"]
        for one in known.values():
            assert one["Addr"] == {"Network": "unix", "String": str(path)}
            assert (one["Protocol"], one["ProtocolVersion"], one["Pid"], one["Test"]) == ("grpc", 6, 4711, True)

    @pytest.mark.parametrize(
        "provider, stand_in",
        [
            (STAND_IN, None),
            (STAND_IN, {"socket": "/nowhere/s.sock", "protocol": 6}),
            (Provider("from its registry", None), {"socket": "HERE", "protocol": 6}),
            (Provider("from a mirror", Path("m")), {"socket": "HERE", "protocol": 6}),
        ],
    )
    def test_otherwise_the_engine_starts_its_own(self, tmp_path: Path, provider: Provider, stand_in: object) -> None:
        path = tmp_path / "s.sock"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            given = (
                {**stand_in, "socket": str(path)}
                if isinstance(stand_in, dict) and stand_in["socket"] == "HERE"
                else stand_in
            )
            assert reattached(provider, lab_with(given)) == {}

    def test_a_socket_that_a_killed_lab_left_behind_is_not_handed_on(self, tmp_path: Path) -> None:
        path = tmp_path / "s.sock"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
        assert path.is_socket()
        assert reattached(self.STAND_IN, lab_with({"socket": str(path), "protocol": 6})) == {}

    def test_a_real_manager_is_never_driven_by_it(self) -> None:
        assert reattached(self.STAND_IN, None) == {}
