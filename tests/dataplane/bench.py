"""Many generated worlds, walk against kernel: `python -m tests.dataplane.bench [FLOWS]`. Ends with 1 if they ever disagree."""

from __future__ import annotations

import json
import sys
import time

from nsx_lab.dataplane import Dataplane, flatten
from nsx_lab.dataplane.planning import compiling
from tests.dataplane import differential, strategies

FLOWS = 20_000
PER_WORLD = 60
MOST_PINNINGS = 16


def main(wanted: int) -> int:
    tally, left_out, seed, begun = differential.Tally(), 0, 0, time.monotonic()
    with Dataplane({"segments": {}}, {}) as plane:
        while tally.flows < wanted:
            document = strategies.seeded(seed, PER_WORLD)
            seed += 1
            built = compiling.plan(document["world"], flatten(document["infra"]))
            if len(differential.pinnings(built.choices)) > MOST_PINNINGS:
                left_out += 1
                continue
            known = len(tally.disagreements)
            differential.compare(plane, document, tally)
            for one in tally.disagreements[known:]:
                print(json.dumps({"seed": seed - 1, **one}), flush=True)
    seconds = time.monotonic() - begun
    print(f"{tally.flows} flows in {seed - left_out} worlds, {tally.probes} probes in {seconds:.0f} s")
    print(f"{tally.delivered / tally.flows:.0%} delivered, {len(tally.disagreements)} disagreements")
    print(f"{left_out} worlds left out: more than {MOST_PINNINGS} pinnings")
    print(", ".join(f"{name} {count}" for name, count in tally.met.most_common()))
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else FLOWS))
