"""Which files may say a text: none that does is left out, however it is written, and none is read as YAML."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from egress.domain import find_files, load_domains, texts
from egress.domain.files import DomainFile
from egress.domain.texts import same, that_may_say

ID = re.compile("id: T0-wld01")


def may_say(root: Path, *texts: str) -> list[str]:
    return [file.stack for file in that_may_say(find_files(root), texts)]


@pytest.mark.parametrize(
    "written",
    [
        "display_name: North gateway",
        "display_name: 'North gateway'",
        'display_name: "North gateway"',
        'display_name: "N\\u006frth gateway"',
        '"display\\x5fname": "North gateway"',
        'display_name: "North ga\\\n    teway"',
        "display_name: North\n    gateway",
        "display_name: >-\n    North\n    gateway",
        "? display_name\n  : North gateway",
        "display_name: !!str North gateway",
    ],
)
def test_a_name_is_found_however_yaml_lets_it_be_written(root: Path, golden: str, written: str) -> None:
    file = root / "domains/wld01.yaml"
    file.write_text(ID.sub(lambda _: written, golden, count=1))
    (domain,) = load_domains(root)
    assert domain.tier0.display_name == "North gateway"
    assert may_say(root, str(domain.tier0.display_name)) == ["wld01"]


@pytest.mark.parametrize("name", ["it's gateway '7'", "-- ?", "'"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_name_with_apostrophes_or_without_a_word_is_found(root: Path, golden: str, name: str, quote: str) -> None:
    written = name.replace("'", "''") if quote == "'" else name
    file = root / "domains/wld01.yaml"
    file.write_text(ID.sub(lambda _: f"display_name: {quote}{written}{quote}", golden, count=1))
    (domain,) = load_domains(root)
    assert domain.tier0.display_name == name
    assert may_say(root, name, "another") == ["wld01"]


def test_of_many_names_a_file_is_compared_with_those_whose_word_it_has(root: Path, golden: str) -> None:
    """Names that differ in one word only, as a fleet's do."""
    for number in range(30):
        name = f"North gateway of hall h{number}"
        (root / f"domains/w{number}.yaml").write_text(golden.replace("id: T0-wld01", f"display_name: {name}"))
    compared = Counter[str]()

    class Watched(bytes):
        def __contains__(self, other: object) -> bool:
            compared["times"] += 1
            return super().__contains__(other)  # type: ignore[operator]

    with pytest.MonkeyPatch.context() as patch:
        plain = texts._plain
        patch.setattr(texts, "_plain", lambda raw: Watched(plain(raw)))
        found = may_say(root, *(f"North gateway of hall h{number}" for number in range(10, 20)))
    assert found == [f"w{number}" for number in range(10, 20)]
    assert compared["times"] == 10


def test_a_name_in_the_defaults_is_said_by_all_over_them(root: Path, golden: str) -> None:
    (root / "domains/prod").mkdir()
    (root / "domains/prod/_defaults.yaml").write_text("nsx: {ca_file: ca.pem}\n")
    for stack in ("wld01", "prod/wld02", "prod/wld03"):
        (root / f"domains/{stack}.yaml").write_text(golden)
    assert may_say(root, "ca_file") == ["prod-wld02", "prod-wld03"]
    assert may_say(root, "ca_file", "T0-wld01") == ["prod-wld02", "prod-wld03", "wld01"]
    assert may_say(root, "T0-wld99") == []


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders")
def test_what_cannot_be_read_may_say_anything_and_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "domains/wld01.yaml")
    assert may_say(root, "T0-wld01") == ["wld01"]


def test_files_are_the_same_domain_by_their_bytes_and_those_of_their_defaults(root: Path, golden: str) -> None:
    def files() -> dict[str, DomainFile]:
        return {file.stack: file for file in find_files(root)}

    for folder in ("a", "b"):
        (root / "domains" / folder).mkdir()
        (root / "domains" / folder / "wld01.yaml").write_text(golden)
    assert same(files()["a-wld01"], files()["b-wld01"])
    (root / "domains/b/_defaults.yaml").write_text("version: 1\n")
    assert not same(files()["a-wld01"], files()["b-wld01"])
    (root / "domains/a/_defaults.yaml").write_text("version: 1\n")
    assert same(files()["a-wld01"], files()["b-wld01"])
    (root / "domains/a/wld01.yaml").write_text(golden + "\n")
    assert not same(files()["a-wld01"], files()["b-wld01"])
