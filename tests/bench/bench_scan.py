"""How fast is a whole manager read? Run it: python -m tests.bench.bench_scan [TIER0S TIER1S RULES]

Reports, never fails: the aim is 25 s for 50 Tier-0s, 1,000 Tier-1s and 10,000 NAT rules on a lab that takes 100 requests a second. The reader is a
process of its own, so that the lab and it do not share an interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress.deadline import Deadline
from egress.domain import LabTarget
from egress.manager import Manager, survey
from egress.manager.access import of_lab
from nsx_lab import Lab
from tests.bench.measuring import program, resident, seconds

REPOSITORY = Path(__file__).resolve().parents[2]
AIM = 25.0
SIZES = (50, 1000, 10_000)
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/edges"
ON_EACH_TIER0 = 20
Json = dict[str, Any]


def wrapped(kind: str, **body: Any) -> Json:
    """A child of a hierarchical tree."""
    return {"resource_type": f"Child{kind}", kind: body}


def fleet(tier0s: int, tier1s: int, rules: int) -> Json:
    """A seed with so many gateways; a few rules stand on each Tier-0, the others on the Tier-1s."""
    share = max(0, rules - tier0s * ON_EACH_TIER0) // tier1s
    children = [*(_tier0(number) for number in range(tier0s))]
    for number in range(tier1s):
        children += _tier1(number, number % tier0s, number // tier0s, share)
    return {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}


def _tier0(number: int) -> Json:
    uplinks = [
        wrapped(
            "Tier0Interface",
            id=f"uplink{edge}",
            type="EXTERNAL",
            edge_path=f"{CLUSTER}/edge-nodes/en{edge}",
            subnets=[{"ip_addresses": [f"10.1.{number}.{edge}"], "prefix_len": 24}],
        )
        for edge in (2, 3)
    ]
    route = wrapped("StaticRoutes", id="out", network="0.0.0.0/0", next_hops=[{"ip_address": f"10.1.{number}.1"}])
    services = wrapped("LocaleServices", id="default", edge_cluster_path=CLUSTER, children=uplinks)
    held = [
        _rule(f"r{place}", f"30.{number}.255.{place}", f"10.1.{number}.{place + 10}") for place in range(ON_EACH_TIER0)
    ]
    nat = wrapped("PolicyNat", id="USER", children=held)
    return wrapped("Tier0", id=f"t0-{number}", ha_mode="ACTIVE_STANDBY", children=[services, route, nat])


def _tier1(number: int, tier0: int, place: int, share: int) -> Iterator[Json]:
    path = f"/infra/tier-1s/t1-{number}"
    tags = [{"scope": "ncp/cluster", "tag": f"c{tier0}"}, {"scope": "ncp/project", "tag": f"ns-{number}"}]
    inside = f"10.{number // 250 + 100}.{number % 250}"
    held = [_rule(f"t1-{number}-{one}", f"{inside}.{one * 16}/28", f"30.{tier0}.{place}.{one}") for one in range(share)]
    below = [
        wrapped("LocaleServices", id="default", edge_cluster_path=CLUSTER),
        wrapped("PolicyNat", id="USER", children=held),
    ]
    yield wrapped("Tier1", id=f"t1-{number}", tier0_path=f"/infra/tier-0s/t0-{tier0}", tags=tags, children=below)
    yield wrapped(
        "Segment", id=f"s-{number}", connectivity_path=path, subnets=[{"gateway_address": f"{inside}.1/24"}], tags=tags
    )


def _rule(name: str, source: str, translated: str) -> Json:
    return wrapped("PolicyNatRule", id=name, action="SNAT", source_network=source, translated_network=translated)


def measured(tier0s: int, tier1s: int, rules: int) -> Json:
    """Seconds of a survey alone, and of `egress scan` with all its files, each with its requests."""
    document = fleet(tier0s, tier1s, rules)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Lab(seed=document, limits=True) as lab:
        ready = time.perf_counter() - begun
        file = Path(folder) / "lab.json"
        lab.write_lab_file(file, stand_in=False)
        command = [sys.executable, "-m", "tests.bench.bench_scan", "--read", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        alone = {**json.loads(done.stdout), **_asked(lab)}
        mark = lab.control.mark()
        whole = {"wall s": round(_scanned(Path(folder), file), 2), **_asked(lab, mark), "aim s": AIM}
    return {"survey": alone, "egress scan": whole, "lab ready after s": round(ready, 1)}


def _scanned(folder: Path, lab: Path) -> float:
    (folder / "cdktf.json").write_text("{}")
    (folder / "domains").mkdir()
    command = [sys.executable, "-m", "egress", "scan", "--out", "domains", "--timeout", "300"]
    environment = {**os.environ, "EGRESS_LAB": str(lab), "PYTHONPATH": str(REPOSITORY)}
    return seconds(lambda: program(command, folder, environment, codes=(0, 2)))


def _asked(lab: Lab, mark: int = 0) -> Json:
    asked = lab.control.journal(mark)
    return {"requests": len(asked), "answered 429": sum(one["status"] == 429 for one in asked)}


def read(file: Path) -> Json:
    """One survey of a lab."""
    begun = time.perf_counter()
    with Manager(of_lab(LabTarget.from_file(file)), deadline=Deadline(600)) as manager:
        found = survey(manager)
    taken = time.perf_counter() - begun
    held = round(resident(os.getpid()) / 2**20)
    return {
        "wall s": round(taken, 2),
        "objects": len(found.objects),
        "not seen": len(found.unseen),
        "resident MB": held,
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--read"]:
        print(json.dumps(read(Path(given[1]))))
    else:
        sizes = tuple(int(one) for one in given if one.isdecimal()) or SIZES
        name = "{} Tier-0s, {} Tier-1s, {} rules".format(*sizes)
        print(json.dumps({name: measured(*sizes)}, indent=2))
