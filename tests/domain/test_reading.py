"""Wrong domain files, and the sentence that each gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.domain import Problem
from egress.domain.fleet import Fleet
from egress.domain.yaml_tree import MAX_BYTES

GOOD = "address: 10.27.51.1}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ranges: [30.0.0.0/24]\n", "ranges: [30.0.0.5/24]\n", "d.yaml:18:12: egress.ranges[0]: '30.0.0.5/24' has host bits set, did you mean 30.0.0.0/24?"),
        ("{address: 10.27.51.1}", "{address: 10.27.51.256}", "d.yaml:16:25: default_route.next_hops[0].address: '10.27.51.256' is not an IPv4 address, allowed is an IPv4 address such as 10.27.51.1"),
        ("{address: 10.27.51.1}", "{address: 10.27.51.1, distance: 5}", "d.yaml:16:37: default_route.next_hops[0].distance: unknown key 'distance', did you mean 'admin_distance'? allowed here: address, admin_distance, interface"),
        ("egress:\n", "egres:\n", "did you mean 'egress'?"),
        ("name: wld01\n", "name: wld01\nname: wld02\n", "d.yaml:4:1: name: key given twice, first in line 3"),
        ("name: wld01\n", "name: [wld01\n", "not valid YAML"),
        ("name: wld01\n", "name: 17\n", "d.yaml:3:7: name: 17 is not text"),
        ("name: wld01\n", "name: {a: b}\n", "name: {'a': 'b'} is not text"),
        ("name: wld01\n", "name: \n", "key 'name' is missing"),
        ("  ha_mode: ACTIVE_ACTIVE\n", "  ha_mode: ACTIVE\n", "tier0.ha_mode: 'ACTIVE' is not allowed here, allowed is ACTIVE_ACTIVE or ACTIVE_STANDBY"),
        ("  ha_mode: ACTIVE_ACTIVE\n", "", "d.yaml:7:1: tier0: key 'ha_mode' is missing, allowed is ACTIVE_ACTIVE or ACTIVE_STANDBY"),
        ("  host: nsx-wld01.example.com", "  password: VMware1!\n  host: nsx-wld01.example.com", "nsx.password: key looks like a secret"),
        ("  host: nsx-wld01.example.com", "  host: https://admin:VMware1@nsx.example.com", "nsx.host: value looks like a secret"),
        ("description: VI", "description: &text VI", "d.yaml:4:14: description: anchors and aliases are not allowed"),
        ("description: VI", "description: !!python/object/apply:os.system VI", "tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed"),
        ("description: VI", "description: !secret VI", "tag '!secret' is not allowed"),
        ("state: {backend: local}", "state: {backend: gcs}", "state: 'gcs' is not allowed here, allowed is 'local', 'pg', 's3', 'http'"),
        ("state: {backend: local}", "state: {}", "key 'backend' is missing"),
        ("state: {backend: local}", "state: {backend: pg, schema: a}", "state.schema: unknown key 'schema', did you mean 'schema_name'?"),
        ("more: {}", "more: {a: {source: 30.0.0.9, translated: 10.27.51.9}}", "egress.more.a: key 'priority' is missing, allowed is a number that no other rule of this gateway has"),
        ("more: {}", "more: {tkg: {source: 30.0.0.9, translated: 10.27.51.9, priority: 9}}", "supervisor and tkg have keys of their own"),
        ("source: 30.0.0.5,", "source: 30.0.0.5-30.0.0.9,", "is a range or a list, allowed is one IPv4 address or network"),
        ("source: 30.0.0.5,", 'source: "2001:db8::5",', "is IPv6, allowed is an IPv4 address or network: NSX has no NAT66"),
        ("  id: T0-wld01", "  id: /global-infra/tier-0s/T0", "belongs to a Global Manager, a project or a VPC"),
        ("  id: T0-wld01", "  id: /orgs/default/projects/p/transit-gateways/t", "belongs to a Global Manager, a project or a VPC"),
        ("  id: T0-wld01", "  id: /infra/tier-0s/T0-wld01", "is a path, did you mean 'T0-wld01'?"),
        ("  id: T0-wld01", "  id: T0-wld01\n  display_name: T0", "tier0: give exactly one of id and display_name"),
        ("id: edge02-uplink1", "id: edge01-uplink1", "interface id 'edge01-uplink1' is used twice"),
        ("applied_to: uplinks", "applied_to: [edge01-uplink1, nope]", "d.yaml:19:32: egress.applied_to[1]: no interface 'nope' in tier0, allowed is edge01-uplink1 or edge02-uplink1 or edge01-services or edge02-services"),
        ("nat: false", "nat: no", "tier0.uplinks[2].nat: 'no'"),
        ("applied_to: uplinks", "applied_to: []", "allowed is uplinks, everywhere, or a list of interface ids"),
        ("version: 1", "version: 2", "d.yaml:2:10: version: 2 is not allowed here, allowed is 1"),
        ("version: 1", "version: 99999999999999999999999999", "version: '99999999999999999999999999' is not allowed here, allowed is 1"),
        ("version: 1", "stack: x\nversion: 1", "d.yaml:2:1: stack: unknown key 'stack'"),
        ("version: 1", "version: 1\n? [a, b]\n: c", "a key must be text, found a list or a mapping"),
        ("ingress: {range: 30.0.1.0/24}", "ingress:\n\trange: 30.0.1.0/24", "indent with blanks"),
        ("ingress:", "---\ningress:", "a second document begins here"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_what_is_wrong_and_where(
    golden: str, problems: Callable[[str | bytes], list[Problem]], old: str, new: str, expected: str
) -> None:
    assert golden.count(old) >= 1
    told = "\n".join(map(str, problems(golden.replace(old, new, 1))))
    assert expected in told
    assert "VMware1" not in told


def test_a_gateway_all_of_whose_uplinks_are_outside_of_nat_is_refused(
    golden: str, problems: Callable[[str | bytes], list[Problem]]
) -> None:
    (found,) = problems(golden.replace("/24}\n", "/24, nat: false}\n", 2))
    assert str(found).startswith("d.yaml:7:1: tier0: every uplink has nat: false, and none is the way out")


def test_all_findings_are_told_at_once(golden: str, problems: Callable[[str | bytes], list[Problem]]) -> None:
    text = golden.replace("30.0.0.0/24", "30.0.0.1/24").replace("version: 1", "version: 3").replace("tier1s:", "tier1:")
    assert [problem.key for problem in problems(text)] == ["version", "egress.ranges[0]", "tier1"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "found an empty file"),
        (b"# only a comment\n", "found an empty file"),
        (b"- a\n- b\n", "found a list"),
        (b"wld01", "found a single value"),
        (b"name: caf\xe9\n", "d.yaml:1:10: not UTF-8 text (byte 9), save it as UTF-8"),
        ("name: a\n".encode("utf-16"), "not UTF-8 text"),
        (b"name: a\nna\x00me: b\n", "d.yaml:2:3: control character U+0000"),
        (b"\x7fELF\x02\x01", "d.yaml:1:1: control character U+007F"),
        (b"a: " + b"[" * 100_000, "nested deeper than 32 levels"),
        (b"a:\n" + b"".join(b" " * n + b"- \n" for n in range(1, 200)), "nested deeper than 32 levels"),
        (b"#" * (MAX_BYTES + 1), f"larger than {MAX_BYTES} bytes"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases are not allowed"),
        (b"version: " + b"9" * 4_000, "... (4002 characters) is not allowed here"),
        (b"version: " + b"9" * 10_000, "d.yaml:1:10: version: 10000 characters, allowed are at most 4096"),
        (b"a: [" + b"1," * 30_000 + b"]", "d.yaml:1:39999: more than 20000 keys and values"),
        (b"".join(b"key%d: 1\n" % number for number in range(30_000)), "more than 20000 keys and values"),
        (b"? \n: 1\n", "unknown key ''"),
        (b'"\\e[31mred": 1\n', "d.yaml:1:1: character 1 is control character U+001B"),
    ],
)
def test_hostile_bytes_are_refused_in_words(
    problems: Callable[[str | bytes], list[Problem]], raw: Any, expected: Any
) -> None:
    told = "\n".join(map(str, problems(raw)))
    assert expected in told
    assert all(character.isprintable() or character == "\n" for character in told)


def test_findings_before_a_syntax_error_are_told_with_it(problems: Callable[[str | bytes], list[Problem]]) -> None:
    told = [str(problem) for problem in problems("a: &x 1\na: 2\nb: *x\nc: [\n")]
    assert [line.split(": ")[0] for line in told] == ["d.yaml:1:4", "d.yaml:2:1", "d.yaml:3:4", "d.yaml:5:1"]


def test_windows_line_ends_and_a_byte_order_mark_are_accepted(
    golden: str, problems: Callable[[str | bytes], list[Problem]]
) -> None:
    assert problems(b"\xef\xbb\xbf" + golden.replace("\n", "\r\n").encode()) == []


def test_yaml_1_1_words_are_text(golden: str, problems: Callable[[str | bytes], list[Problem]]) -> None:
    assert problems(golden.replace("description: VI", "description: no #")) == []
    (problem,) = problems(golden.replace("applied_to: uplinks", "applied_to: yes"))
    assert "'yes' is not allowed here" in problem.what


@pytest.mark.parametrize(
    "line",
    [
        "password: x", "api-key: x", "apiKey: x", "NSXT_PASSWORD: x", "secret_key: x", "access_key: x", "pg_conn_str: x",
        "passphrase: x", "pwd: x",
        "description: -----BEGIN RSA PRIVATE KEY-----",
        "description: postgres://egress:hunter2@db/state",
        "description: AKIAIOSFODNN7EXAMPLE",
        "description: ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "description: glpat-abcdefghij0123456789",
        "description: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGhpc2lzbm90YXNpZ25hdHVyZQ",
        "description: password=hunter2",
        "description: 'Authorization: Basic YWRtaW46Vk13YXJlMSE='",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_refused_and_not_repeated(
    problems: Callable[[str | bytes], list[Problem]], line: str
) -> None:
    (problem,) = problems(f"{line}\n")
    assert "looks like a secret" in problem.what
    assert "hunter2" not in str(problem)
    assert "example" not in str(problem).lower()


@pytest.mark.parametrize(
    "line", ["description: the password is in the vault", "tags: {tokens: many}", "name: secretary"]
)
def test_talking_about_secrets_is_no_secret(problems: Callable[[str | bytes], list[Problem]], line: str) -> None:
    assert all("looks like a secret" not in problem.what for problem in problems(f"{line}\n"))


def test_a_fleet_without_places_has_the_same_domains_and_tells_what_is_wrong_where_it_stands(
    root: Path, golden: str
) -> None:
    (root / "domains/wld01.yaml").write_text(golden)
    (root / "domains/wrong.yaml").write_text(golden + "no_such_key: 1\n")
    with_places, without = Fleet(root), Fleet(root)
    without.without_places()
    assert without.readable() == with_places.readable()
    assert [problem.place.file for problem in without.readable().problems] == ["domains/wrong.yaml"]
    assert with_places.domains(["wld01"])[0].place("tier0", "id") is not None
    assert without.domains(["wld01"])[0].place("tier0", "id") is None
