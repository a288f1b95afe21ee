"""Whatever a domain file says can be seen: one rule for every text in it, and the message names the character."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from egress import escape
from egress.domain import Problem
from egress.domain.model import WorkloadDomain
from egress.domain.schema import schema

CHARACTERS = {
    "\x00": "control character U+0000", "\x07": "control character U+0007", "\r": "control character U+000D",
    "\x1b": "control character U+001B", "\x7f": "control character U+007F", "\x85": "control character U+0085",
    "\x9b": "control character U+009B", "\xad": "U+00AD SOFT HYPHEN", "\u034f": "U+034F COMBINING GRAPHEME JOINER",
    "\u061c": "U+061C ARABIC LETTER MARK", "\u115f": "U+115F HANGUL CHOSEONG FILLER", "\u180e": "U+180E MONGOLIAN VOWEL SEPARATOR",
    "\u200b": "U+200B ZERO WIDTH SPACE", "\u200d": "U+200D ZERO WIDTH JOINER", "\u200e": "U+200E LEFT-TO-RIGHT MARK",
    "\u2028": "U+2028 LINE SEPARATOR", "\u2029": "U+2029 PARAGRAPH SEPARATOR", "\u202e": "U+202E RIGHT-TO-LEFT OVERRIDE",
    "\u2060": "U+2060 WORD JOINER", "\u2066": "U+2066 LEFT-TO-RIGHT ISOLATE", "\u3164": "U+3164 HANGUL FILLER",
    "\ufe0f": "U+FE0F VARIATION SELECTOR-16", "\ufeff": "U+FEFF ZERO WIDTH NO-BREAK SPACE",
    "\U000e0041": "U+E0041 TAG LATIN CAPITAL LETTER A",
}  # fmt: skip
FULL = """\
version: 1
name: wld01@
description: text@
nsx: {host: nsx.example.com@, version: '4.2@', ca_file: ca.pem@, credentials: NSXT@}
tier0:
  display_name: T0@
  locale_service: default@
  ha_mode: ACTIVE_STANDBY@
  vrf_of: parent@
  ha_vips: [{address: 10.27.51.150/24@, uplinks: [up1@]}]
  uplinks: [{id: up1@, edge: edge01@, address: 10.27.51.145/24@, ipv6: '2001:db8::145/64@'}]
  service_interfaces: [{id: service@, address: 172.20.0.1/24@}]
default_route:
  nsx_id: id@
  display_name: name@
  description: text@
  tags: {scope@: tag@}
  next_hops: [{address: 10.27.51.1@, interface: up1@}]
  ipv6: {next_hops: [{address: '2001:db8::1@'}]}
  bfd: {profile: default@, sources: [up1@]}
egress:
  ranges: [30.0.0.0/24@]
  routed: [198.51.100.0/24@]
  applied_to: [up1@]
  supervisor: {source: 30.0.0.5@, translated: 10.27.51.145@, firewall_match: BYPASS@}
  more: {registry@: {source: 30.0.0.6, translated: 10.27.51.146, priority: 200}}
ingress: {range: 30.0.1.0/24@}
tier1s: {domain-c8@: {networks: [10.244.0.96/28@], egress: 30.0.0.5@, egress_range: 30.9.0.0/24@}}
dns_servers: [172.20.0.53@]
return_routes: [{host: upstream@, to: 30.0.0.0/24@, via: [10.27.51.145@]}]
state: {backend: s3@, bucket: bucket@, key: key@, region: eu@, endpoint: 'https://s3.example.com@'}
suppress: [{rule: single-next-hop@, reason: a VRRP address of both@}]
unknown@: 1
"""
"""Every text that a file can hold, each followed by a mark."""


def _with(number: int, character: str) -> str:
    """FULL with a character at one of its marks, written as YAML's escape, and the other marks taken out."""
    parts = FULL.split("@")
    before, after = "".join(parts[: number + 1]), "".join(parts[number + 1 :])
    return f"{before}{character}{after}"


@pytest.mark.parametrize(("character", "named"), CHARACTERS.items(), ids=[f"U+{ord(c):04X}" for c in CHARACTERS])
def test_a_hidden_character_in_the_bytes_is_refused_by_name_and_place(
    golden: str, problems: Callable[[str | bytes], list[Problem]], character: Any, named: Any
) -> None:
    (problem,) = problems(golden.replace("T0-wld01", f"T0{character}-wld01"))
    assert named in problem.what
    assert (problem.place.line, problem.place.column) == (8, 9)
    (problem,) = problems(f"{golden}# a {character}comment\n")
    assert named in problem.what


@pytest.mark.parametrize("number", range(FULL.count("@")))
@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\u200b", "\u2028", "\u202e", "\U000e0041"], ids=ascii)
def test_a_hidden_character_by_an_escape_is_refused_in_every_text_of_a_file(
    problems: Callable[[str | bytes], list[Problem]], number: Any, character: str
) -> None:
    plain = yaml.load(_with(number, "MARK"), Loader=yaml.BaseLoader)  # noqa: S506 - every scalar as text
    text = json.dumps(plain).replace("MARK", f"\\U{ord(character):08x}")
    told = [problem for problem in problems(text) if escape.name(character) in problem.what]
    assert told, problems(text)
    assert all(problem.place.line == 1 and problem.place.column > 1 for problem in told)
    assert all(str(problem).isprintable() for problem in problems(text))


def test_descriptions_and_reasons_keep_line_feeds_and_tabs_and_names_do_not(
    golden: str, problems: Callable[[str | bytes], list[Problem]]
) -> None:
    assert problems(golden.replace("description: VI workload", 'description: "VI\\n\\tworkload" #')) == []
    (problem,) = problems(golden.replace("T0-wld01", '"T0\\twld01"'))
    assert "control character U+0009" in problem.what


def test_letters_of_every_script_and_pictures_are_text(
    golden: str, problems: Callable[[str | bytes], list[Problem]]
) -> None:
    for text in ("Überschreitung", "出口", "مخرج", "выход", "🚀", "a b"):
        assert problems(golden.replace("description: VI", f"description: {text}")) == []


def test_a_secret_beside_a_hidden_character_is_not_repeated(problems: Callable[[str | bytes], list[Problem]]) -> None:
    told = str(problems('description: "password=hunter2\\u200b"\n')[0])
    assert "U+200B ZERO WIDTH SPACE" in told
    assert "hunter2" not in told


def test_a_domain_that_comes_from_no_file_is_held_to_the_same_rule() -> None:
    data = yaml.load(FULL.replace("unknown@: 1\n", "").replace("s3@", "s3").replace("@", ""), Loader=yaml.BaseLoader)  # noqa: S506 - every scalar as text
    data |= {"stack": "d", "version": 1}
    data["egress"]["more"]["registry"]["priority"] = 200
    data = _tuples(data)
    assert WorkloadDomain.model_validate(data).tier0.display_name == "T0"
    data["tier0"]["display_name"] = "T0\u202e"
    with pytest.raises(ValueError, match=r"U\+202E RIGHT-TO-LEFT OVERRIDE"):
        WorkloadDomain.model_validate(data)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(child) for key, child in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def test_the_rule_covers_what_unicode_calls_a_control_a_separator_a_direction_or_nothing() -> None:
    for code in range(0x110000):
        character = chr(code)
        category, direction = unicodedata.category(character), unicodedata.bidirectional(character)
        expected = category in ("Cc", "Zl", "Zp", "Cs") or direction in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN",
        )  # fmt: skip
        if expected:
            assert escape.hidden(character), hex(code)
        if category in ("Ll", "Lu", "Nd", "So", "Sm", "Po") or character == " ":
            assert not escape.hidden(character), hex(code)


def test_the_schema_refuses_hidden_characters_where_it_can() -> None:
    text = json.dumps(schema())
    assert "x00-" not in text.replace(json.dumps(escape.HIDDEN)[1:-1], "").replace(
        json.dumps(escape.HIDDEN_IN_TEXT)[1:-1], ""
    )
