"""A project with many domains, each with addresses of its own, for benchmarks."""

from __future__ import annotations

from pathlib import Path

_TEMPLATE = """\
version: 1
name: wld{number}
nsx: {{host: nsx-{number}.example.com}}
tier0:
  id: T0-wld{number}
  ha_mode: {mode}
  uplinks:
    - {{id: edge01-uplink1, edge: edge01, address: 10.{high}.{low}.2/24}}
    - {{id: edge02-uplink1, edge: edge02, address: 10.{high}.{low}.3/24}}
  service_interfaces:
    - {{id: services, address: 172.{service}.{low}.1/24}}
default_route:
  next_hops: [{{address: 10.{high}.{low}.1}}]
egress:
  ranges: [100.{high}.{low}.0/25]
  supervisor: {{source: 100.{high}.{low}.5, translated: 10.{high}.{low}.10}}
  tkg: {{source: 100.{high}.{low}.16, translated: 10.{high}.{low}.11}}
ingress: {{range: 100.{high}.{low}.128/25}}
tier1s:
  domain-c8: {{networks: [10.244.0.96/28], egress: 100.{high}.{low}.5}}
  vnet-domain-c8: {{networks: [192.168.128.0/24], egress: 100.{high}.{low}.16}}
dns_servers: [172.{service}.{low}.53]
return_routes: [{{host: 172.{service}.{low}.53, to: 100.{high}.{low}.0/25, via: [172.{service}.{low}.1]}}]
state: {{backend: local}}
"""


def write_fleet(folder: Path, count: int) -> None:
    """Writes a project with `count` domains (at most 4,000), every third of them on ACTIVE_STANDBY."""
    (folder / "cdktf.json").write_text("{}")
    (folder / "domains").mkdir()
    for number in range(count):
        high, low = divmod(number, 250)
        text = _TEMPLATE.format(
            number=number,
            high=70 + high,
            low=low,
            service=16 + high,
            mode="ACTIVE_STANDBY" if number % 3 == 0 else "ACTIVE_ACTIVE",
        )
        (folder / "domains" / f"wld{number}.yaml").write_text(text)
