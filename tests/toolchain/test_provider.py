from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.toolchain.provider import Provider, engine_config, find_provider


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
