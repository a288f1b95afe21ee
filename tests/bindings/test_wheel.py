"""The committed wheels say what the provider schema says: attribute by attribute, both ways."""

from __future__ import annotations

import importlib.metadata
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import tier0_egress  # noqa: F401 - before cdktf: it chooses jsii's Node

# isort: split
import cdktf_cdktf_provider_nsxt

from egress.cdk import BOTH, Cdk

ROOT = Path(__file__).parents[2]
WHEELS = {cdk.name: next((ROOT / "bindings" / "dist").glob(f"{cdk.bindings}-*.whl")) for cdk in BOTH}
SCHEMA = json.loads((ROOT / "nsx_lab" / "provider" / "nsxt-schema.json").read_text())["provider_schemas"][
    "registry.terraform.io/vmware/nsxt"
]
PRIMITIVES = {"string": "string", "number": "number", "bool": "boolean"}
UNKNOWN = {f"{cdk.name}.IResolvable" for cdk in BOTH}
CDKTF_OWN = {"tfResourceType", "internalValue", "alias"}  # meta properties of every generated class

# An object's face: dotted attribute path -> (type, "required" | "optional" | "computed"). The bindings do not tell an
# optional attribute from an optional and computed one: both can be set and both can be read.
Face = dict[str, tuple[str, str]]


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)


def schema_objects() -> dict[str, dict[str, Any]]:
    resources = {camel(n.removeprefix("nsxt_")): body["block"] for n, body in SCHEMA["resource_schemas"].items()}
    data = {camel(f"data_{n}"): body["block"] for n, body in SCHEMA["data_source_schemas"].items()}
    return resources | data | {"provider": SCHEMA["provider"]["block"]}


def schema_face(block: dict[str, Any], prefix: str = "") -> Face:
    face: Face = {}
    for name, attribute in block.get("attributes", {}).items():
        kind = attribute["type"]
        text = PRIMITIVES[kind] if isinstance(kind, str) else f"list({PRIMITIVES[kind[1]]})"
        settable = "required" if attribute.get("required") else "optional"
        mode = settable if attribute.get("required") or attribute.get("optional") else "computed"
        face[prefix + camel(name)] = (text, mode)
    for name, nested in block.get("block_types", {}).items():
        many = nested.get("max_items") != 1
        path = prefix + camel(name)
        face[path] = ("list(block)" if many else "block", "required" if nested.get("min_items") else "optional")
        face |= schema_face(nested["block"], f"{path}.")
    return face


@pytest.fixture(scope="module", params=BOTH, ids=[cdk.name for cdk in BOTH])
def cdk(request: pytest.FixtureRequest) -> Cdk:
    found: Cdk = request.param
    return found


@pytest.fixture(scope="module")
def committed(cdk: Cdk) -> Path:
    """The wheel of the bindings of one CDK."""
    return WHEELS[cdk.name]


@pytest.fixture(scope="module")
def bundle(committed: Path) -> dict[str, bytes]:
    """The files of the JavaScript package inside the wheel."""
    with zipfile.ZipFile(committed) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(name))) as package:
            streams = {m.name.removeprefix("package/"): package.extractfile(m) for m in package if m.isfile()}
            return {name: stream.read() for name, stream in streams.items() if stream is not None}


@pytest.fixture(scope="module")
def types(bundle: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundle[".jsii"])["types"]
    return found


def bindings_face(types: dict[str, Any], reader: str, writer: str, prefix: str = "") -> Face:
    """The face of a generated class (`reader`) and of the struct that its constructor takes (`writer`)."""
    settable = {p["name"]: p for p in types[writer].get("properties", [])}
    readable = {p["name"]: p for p in types[reader].get("properties", []) if not p["name"].endswith("Input")}
    face: Face = {}
    for name in (settable.keys() | readable.keys()) - CDKTF_OWN:
        given = settable.get(name)
        if given is None:
            assert readable[name].get("immutable"), f"{reader}.{name} can be assigned but not constructed"
            face[prefix + name] = (type_text(readable[name]["type"]), "computed")
            continue
        assert name in readable, f"{writer}.{name} can be constructed but not read"
        text = type_text(given["type"])
        face[prefix + name] = (text, "optional" if given.get("optional") else "required")
        if text.endswith("block)") or text == "block":
            struct = struct_name(given["type"])
            face |= bindings_face(types, f"{struct}OutputReference", struct, f"{prefix}{name}.")
    return face


def type_text(kind: dict[str, Any]) -> str:
    if "primitive" in kind:
        return str(kind["primitive"])
    if "fqn" in kind:
        return "block"
    if "collection" in kind:
        return f"list({type_text(kind['collection']['elementtype'])})"
    (real,) = (t for t in kind["union"]["types"] if t.get("fqn") not in UNKNOWN)
    return type_text(real)


def struct_name(kind: dict[str, Any]) -> str:
    return next(fqn for fqn in fqns(kind) if fqn not in UNKNOWN)


def fqns(kind: Any) -> Iterator[str]:
    if isinstance(kind, dict):
        if "fqn" in kind:
            yield kind["fqn"]
        for value in kind.values():
            yield from fqns(value)
    elif isinstance(kind, list):
        for value in kind:
            yield from fqns(value)


def test_wheel_has_one_class_per_schema_object_and_no_other(types: dict[str, Any]) -> None:
    built = {
        t["namespace"]
        for t in types.values()
        if t["kind"] == "class" and t["name"].lower().endswith(t["namespace"].lower())
    }
    assert built == schema_objects().keys()


@pytest.mark.parametrize("name", sorted(schema_objects()))
def test_every_attribute_has_the_name_type_and_mode_of_the_schema(name: str, cdk: Cdk, types: dict[str, Any]) -> None:
    class_name = "NsxtProvider" if name == "provider" else name[0].upper() + name[1:]
    fqn = f"{cdk.name}-provider-nsxt.{name}.{class_name}"
    assert bindings_face(types, fqn, f"{fqn}Config") == schema_face(schema_objects()[name])


def test_wheel_version_is_the_provider_version_of_the_schema(cdk: Cdk, committed: Path) -> None:
    assert committed.name == f"{cdk.bindings}-3.11.1-py3-none-any.whl"
    assert json.loads((ROOT / "bindings" / cdk.name / "package.json").read_text())["version"] == "3.11.1"


def test_installed_bindings_are_the_committed_ones(cdk: Cdk, committed: Path) -> None:
    with zipfile.ZipFile(committed) as wheel:
        for name in wheel.namelist():
            if name.startswith(f"{cdk.bindings}/"):
                installed = importlib.metadata.distribution(cdk.bindings).locate_file(name)
                assert Path(str(installed)).read_bytes() == wheel.read(name), (
                    f"{name}: install bindings/dist/*.whl again"
                )


def test_wheel_names_no_folder_of_the_machine_that_built_it(committed: Path, bundle: dict[str, bytes]) -> None:
    with zipfile.ZipFile(committed) as wheel:
        texts = bundle | {name: wheel.read(name) for name in wheel.namelist() if not name.endswith(".tgz")}
    assert [name for name, text in texts.items() if str(ROOT).encode() in text] == []
    assert {Path(name).parts[0] for name in bundle} == {".jsii", "README.md", "lib", "package.json"}


def test_stacks_that_use_the_bindings_accept_a_range_of_provider_versions(bundle: dict[str, bytes]) -> None:
    classes = [text.decode() for name, text in bundle.items() if re.fullmatch(r"lib/[^/]+/index\.js", name)]
    assert len(classes) == len(schema_objects())
    for text in classes:
        assert "providerVersionConstraint: '>= 3.11, < 4.0'" in text
        assert "providerVersion:" not in text


def test_the_wheel_is_made_from_the_files_that_are_here(cdk: Cdk, committed: Path) -> None:
    """A changed input without a rebuild: nothing else would notice."""
    with zipfile.ZipFile(committed) as wheel:
        made_from = json.loads(wheel.read(f"{cdk.bindings}/inputs.json"))
    here = {name: ROOT / "bindings" / name for name in made_from} | {
        "schema": ROOT / "nsx_lab/provider/nsxt-schema.json"
    }
    changed = [name for name, file in here.items() if sha256(file.read_bytes()).hexdigest() != made_from[name]]
    assert changed == [], "make bindings"
    tools = {"bindings/hatch_build.py"}  # packs the distribution, not the bindings
    folders = (ROOT / "bindings", ROOT / "bindings" / cdk.name)
    files = {str(file.relative_to(ROOT)) for folder in folders for file in folder.iterdir() if file.is_file()} - tools
    assert {f"bindings/{name}" for name in made_from if name != "schema"} == files


def test_the_wheel_leads_nowhere_that_does_not_exist(committed: Path) -> None:
    with zipfile.ZipFile(committed) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        metadata = wheel.read(name).decode()
    assert "example" not in metadata
    assert "four resources and seven data sources" in metadata


@pytest.mark.parametrize("page", ["bindings/cdktf/README.md", "bindings/cdktn/README.md", "docs/bindings.md"])
def test_the_pages_list_what_the_package_holds(page: str) -> None:
    text = (ROOT / page).read_text()
    listed = set(re.findall(r"`((?:policy|data_nsxt)_[a-z0-9_]+)`", text))
    resources = {name.removeprefix("nsxt_") for name in SCHEMA["resource_schemas"]}
    data = {f"data_{name}" for name in SCHEMA["data_source_schemas"]}
    assert listed == resources | data
    assert (len(resources), len(data)) == (4, 7), "the words say four and seven"


@pytest.mark.parametrize(
    "statement",
    [
        "from cdktf_cdktf_provider_nsxt.policy_group import PolicyGroup",
        "import cdktf_cdktf_provider_nsxt.policy_group",
        "from cdktf_cdktf_provider_nsxt import policy_group",
    ],
)
def test_an_import_of_what_is_not_here_says_what_to_do(statement: str) -> None:
    with pytest.raises(ModuleNotFoundError) as told:
        exec(statement)  # noqa: S102
    assert str(told.value).startswith("cdktf_cdktf_provider_nsxt.policy_group is not here: ")
    assert "`cdktf get`" in str(told.value)
    assert "`make bindings SCHEMA=FILE`" in str(told.value)
    assert "policy_static_route_bfd_peer" in str(told.value)


@pytest.mark.parametrize(
    "statement, error",
    [
        ("cdktf_cdktf_provider_nsxt.PolicyGroup", "module 'cdktf_cdktf_provider_nsxt' has no attribute 'PolicyGroup'"),
        ("from cdktf_cdktf_provider_nsxt.policy_nat_rule import Other", "cannot import name 'Other' from"),
        ("import cdktf_cdktf_provider_nsxt._other", "No module named 'cdktf_cdktf_provider_nsxt._other'"),
        ("import cdktf_cdktf_provider_nsxt.policy_nat_rule.other", "No module named 'cdktf_cdktf_provider_nsxt.policy"),
        ("import no_such_package.policy_group", "No module named 'no_such_package'"),
    ],
)
def test_other_errors_are_those_of_python(statement: str, error: str) -> None:
    with pytest.raises((ImportError, AttributeError), match=re.escape(error)):
        exec(f"import cdktf_cdktf_provider_nsxt\n{statement}")  # noqa: S102
    assert not hasattr(cdktf_cdktf_provider_nsxt, "policy_group")


def test_npm_lock_names_no_registry(cdk: Cdk) -> None:
    lock = json.loads((ROOT / "bindings" / cdk.name / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry and not entry.get("inBundle")] == []
