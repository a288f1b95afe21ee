"""Words and small rules: checks, errors, Go's JSON, set order, types of answers, durations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsx_lab.provider.objects.gateways import Scope
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.realization import duration
from nsx_lab.provider.search import Wanted, escape
from nsx_lab.provider.values import checks, gojson, sets
from nsx_lab.provider.wire.client import classify, path_escape, query_escape
from nsx_lab.provider.wire.errors import ApiError, ProviderError, explain
from nsx_lab.provider.wire.model import BOOLEAN, INTEGER, STRING, TAG, ListOf, Struct, convert
from nsx_lab.provider.wire.transport import Response


@pytest.mark.parametrize("value", ["0.0.0.0/0", "::/0", "10.0.0.0/8", " 10.0.0.0/8 ", "2001:db8::/32"])
def test_a_network_with_zero_host_bits_passes(value: str) -> None:
    assert checks.network(value, "network") == []


@pytest.mark.parametrize("value", ["1.2.3.4", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "x/8", "01.0.0.0/8", ""])
def test_another_network_is_refused_with_its_key(value: str) -> None:
    assert checks.network(value, "network") == [f"expected network to contain a valid CIDR, got: {value}"]


@pytest.mark.parametrize("value", ["10.0.0.1", "10.0.0.1-10.0.0.9", "10.0.0.9 - 10.0.0.1", "::1", "10.0.0.0/24"])
def test_a_nat_network_may_be_an_address_or_a_range(value: str) -> None:
    assert checks.network_address_or_range(value, "k") == []


@pytest.mark.parametrize("value", ["30.0.0.300", "fe80::1%eth0", "a-b", "1.1.1.1-", "1.1.1.1-2.2.2.2-3.3.3.3"])
def test_other_nat_networks_are_refused(value: str) -> None:
    said = f"expected source_networks.0 to contain a valid CIDR or IP or Range, got: {value}"
    assert checks.network_address_or_range(value, "source_networks.0") == [said]


@pytest.mark.parametrize(
    "value, good",
    [("/infra/tier-0s/T0", True), ("/global-infra/tier-0s/T0", True), ("/orgs/default/x", True)]
    + [(v, False) for v in ("/infra/tier-0s", "infra/tier-0s/T0/x", "/infra/tier-0s/T0/", "/x/tier-0s/T0", "")],
)
def test_a_policy_path_is_known_by_its_form(value: str, good: bool) -> None:
    assert checks.is_policy_path(value) is good


@pytest.mark.parametrize(
    "value, good", [("80", True), ("80-90", True), ("65536", True), ("65537", False), ("a", False)]
)
def test_ports_go_up_to_65536_as_in_the_provider(value: str, good: bool) -> None:
    assert (checks.port_or_range(value, "translated_ports") == []) is good


@pytest.mark.parametrize(
    "text, said",
    [
        ("<html>", "invalid character '<' looking for beginning of value"),
        ("", "EOF"),
        ("   ", "EOF"),
        ('{"a', "unexpected EOF"),
        ('{"a":1,', "unexpected EOF"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("tru}", "invalid character '}' in literal true (expecting 'e')"),
        ('"a\nb"', "invalid character '\\n' in string literal"),
        ('"\\x"', "invalid character 'x' in string escape code"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
    ],
)
def test_broken_json_is_told_in_gos_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="^") as caught:
        gojson.loads(text)
    assert str(caught.value) == said


def test_what_follows_the_first_value_is_not_looked_at() -> None:
    assert gojson.loads('{"a": 1} junk') == {"a": 1}


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_decodes_or_is_told(text: str) -> None:
    answer = classify(Response(200, {}, text.encode()))
    if isinstance(answer, ApiError):
        assert answer.messages[0].startswith("Error handling server response: ")


def test_tags_are_listed_in_the_order_of_their_hash() -> None:
    block = Provider().resources["nsxt_policy_nat_rule"].blocks["tag"]
    tags = [{"scope": "managed-by", "tag": "terraform"}, {"scope": "vm", "tag": "vm-a"}]
    tags.append({"scope": "vm", "tag": "vm-b"})
    assert [sets.code(block, tag) for tag in tags] == ["2848060692", "945385161", "326384906"]
    assert [tag["tag"] for tag in sets.listed(block, tags)] == ["terraform", "vm-b", "vm-a"]
    assert sets.listed(block, [*tags, tags[0]]) == sets.listed(block, tags)


@pytest.mark.parametrize(
    "error, said",
    [
        (ApiError("invalid_request", (), None), "Failed (INVALID_REQUEST)"),
        (
            ApiError("service_unavailable", ("Error completing client request 'x'",)),
            "Failed (Error completing client request 'x')",
        ),
        (ApiError("internal_server_error", (), {}), " Failed: "),
        (ApiError("timed_out", (), {"error_message": "x"}), "com.vmware.vapi.std.errors.timed_out"),
        (
            ApiError("invalid_request", (), {"error_message": "m", "details": "d", "error_code": 7}),
            " Failed: m: d (code 7)",
        ),
        (ApiError("invalid_request", (), {"error_code": "102"}), " Failed:  (code 102)"),
        (
            ApiError(
                "unauthorized",
                (),
                {"error_message": "m", "related_errors": [{"error_message": "r", "error_code": 1}, {}]},
            ),
            " Failed: m\nRelated errors:\nr (code 1)  ",
        ),
        (ApiError("invalid_request", (), [1]), "Failed: [1]"),
        (ProviderError("own words"), "own words"),
    ],
)
def test_an_error_is_told_as_the_provider_tells_it(error: Exception, said: str) -> None:
    assert str(explain("Failed", error)) == said


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, "invalid_request"),
        (401, "unauthenticated"),
        (403, "unauthorized"),
        (404, "not_found"),
        (410, "not_found"),
        (409, "concurrent_change"),
        (412, "invalid_request"),
        (429, "service_unavailable"),
        (502, "internal_server_error"),
    ],
)
def test_a_status_has_its_class(status: int, kind: str) -> None:
    error = classify(Response(status, {"content-type": ["application/json"]}, b"{}"))
    assert isinstance(error, ApiError)
    assert error.kind == kind


def test_a_404_that_is_no_json_is_not_a_missing_object() -> None:
    error = classify(Response(404, {"content-type": ["text/html"]}, b"<p>"))
    assert isinstance(error, ApiError)
    assert not error.not_found


@pytest.mark.parametrize(
    "status, said",
    [
        (400, "answered 400 with a body that is no object"),
        (
            409,
            "received a value of type 'LIST' Invalid field 'data' in structure 'com.vmware.vapi.std.errors.concurrent_change'",
        ),
    ],
)
def test_an_error_body_that_is_no_object_is_told(status: int, said: str) -> None:
    answer = classify(Response(status, {}, b"[1]"))
    assert isinstance(answer, ProviderError)
    assert said in str(answer)


def test_a_missing_content_type_counts_as_json() -> None:
    assert classify(Response(200, {}, b'{"a": 1}')) == {"a": 1}


OBJECT = Struct("thing", {"n": INTEGER, "b": BOOLEAN, "s": STRING, "tags": ListOf(TAG)})


def test_text_is_taken_for_the_number_that_it_spells() -> None:
    assert convert({"n": "12", "b": "true", "extra": 1}, OBJECT) == {"n": 12, "b": True, "s": None, "tags": None}


@pytest.mark.parametrize(
    "value, said",
    [
        (
            {"s": 5},
            " Expected a value of type 'STRING', but received a value of type 'INTEGER' Invalid field 's' in structure",
        ),
        (
            {"n": 1.5},
            " Expected a value of type 'INTEGER', but received a value of type 'DOUBLE' Invalid field 'n' in structure",
        ),
        ({"tags": [1]}, "The value at index '0' of the list is invalid Invalid field 'tags'"),
        ([], "Expected a value of type 'STRUCTURE', but received a value of type 'LIST'"),
    ],
)
def test_a_wrong_type_is_told_in_the_sdks_words(value: Any, said: str) -> None:
    with pytest.raises(ProviderError) as caught:
        convert(value, OBJECT)
    assert said in str(caught.value)


def test_a_name_is_escaped_for_the_search() -> None:
    assert escape("T0-a b/c") == "T0\\-a b\\/c"
    wanted = Wanted("Tier0", name="T0-a").query(Scope())
    assert wanted == "resource_type:Tier0 AND display_name:T0\\-a* AND marked_for_delete:false AND path:\\/infra*"


def test_urls_are_escaped_as_go_does() -> None:
    assert path_escape("a b/c&+=:@$,;?") == "a%20b%2Fc&+=:@$%2C%3B%3F"
    assert query_escape("a b:c+d*") == "a%20b%3Ac%2Bd%2A"


@pytest.mark.parametrize("seconds, said", [(2, "2s"), (90, "1m30s"), (1200, "20m0s"), (3661, "1h1m1s")])
def test_a_duration_is_written_as_go_does(seconds: int, said: str) -> None:
    assert duration(seconds) == said
