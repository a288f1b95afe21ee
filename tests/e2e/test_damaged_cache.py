"""A cache that is damaged: one sentence, it is made anew, and no other stack notices."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.fleets import domain, fleet, lab_of
from tests.e2e.sites import Site, lab_site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

GARBAGE = b"\xff\xfe\x00 garbage {"
MADE_ANEW = "f1: what the engine kept in .lab/.egress/data/f1 was not as it left it, and was made anew\n"
Damage = Callable[[Path], object]


@pytest.fixture
def site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """Two stacks on one lab, planned once, with a provider that the engine installs and starts."""
    texts = {name: domain(number, name) for number, name in enumerate(("f1", "f2"), 1)}
    with lab_of(fleet(tmp_path / "seed", texts)) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        fleet(site.root, texts)
        site.egress("plan", code=2)  # this writes the stand-in's mirror
        shutil.copytree(site.root / ".lab" / "mirror", tmp_path / "mirror", symlinks=True)
        site = Site(site.root, lab, site.env | {"EGRESS_PROVIDER": f"mirror:{tmp_path / 'mirror'}"})
        site.egress("plan", code=2)
        yield site


def package(data: Path) -> Path:
    (found,) = data.glob("providers/*/vmware/nsxt/*/*")
    return found


def emptied(data: Path) -> None:
    link = package(data)
    link.unlink()
    link.mkdir()


def a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(GARBAGE)


DAMAGES: dict[str, Damage] = {
    "the backend's note": lambda data: (data / "terraform.tfstate").write_bytes(GARBAGE),
    "the backend's note, emptied": lambda data: (data / "terraform.tfstate").write_bytes(b""),
    "no providers": lambda data: shutil.rmtree(data / "providers"),
    "a file in place of the providers": lambda data: a_file(data / "providers"),
    "no package": lambda data: package(data).unlink(),
    "an emptied package": emptied,
    "a file in place of all": a_file,
}


def test_what_the_engine_keeps_is_made_anew_where_it_is_damaged(site: Site) -> None:
    for what, damage in DAMAGES.items():
        damage(site.root / ".lab" / ".egress" / "data" / "f1")
        done = site.egress("plan", code=2)
        assert done.stderr.count(MADE_ANEW) == 1, what
        assert "f2: what the engine kept" not in done.stderr
        assert done.stdout.count("Plan: 3 to add") == 2
    assert "what the engine kept" not in site.egress("plan", "f1", code=2).stderr


def test_our_own_notes_of_it_are_written_anew_without_a_word(site: Site) -> None:
    own = site.root / ".lab" / ".egress"
    for file in (own / "data" / "f1" / "egress-initialised", own / "engine.tfrc"):
        assert file.is_file()
        file.write_bytes(GARBAGE)
        done = site.egress("plan", code=2)
        assert done.stdout.count("Plan: 3 to add") == 2
        assert "what the engine kept" not in done.stderr
        assert file.read_bytes() != GARBAGE
    stamp = own.parent / "mirror.stamp"
    stamp.write_bytes(GARBAGE)
    del site.env["EGRESS_PROVIDER"]
    assert site.egress("plan", code=2).stdout.count("Plan: 3 to add") == 2
    assert stamp.read_bytes() != GARBAGE


def test_a_provider_lock_that_nobody_can_read_says_how_to_have_it_back(site: Site) -> None:
    (lock,) = (site.root / ".lab" / "locks").glob("mirror-*/*.lock.hcl")
    for damage in (GARBAGE, b"garbage {{{\n"):
        lock.write_bytes(damage)
        done = site.egress("plan", "f1", code=1)
        name = lock.relative_to(site.root)
        assert done.stderr.endswith(
            f"f1: {name} is damaged, and no engine can read it: git checkout -- {name} brings back the one that was reviewed; "
            "where git has none, remove it, and the next run writes it anew\n"
        )
    lock.unlink()
    site.egress("plan", "f1", code=2)
    assert lock.read_text().startswith("#")
