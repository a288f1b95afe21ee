"""The constructs in a CDKTF program of one's own."""

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider

from constructs_lib import (
    EgressMapping,
    EgressSnatPair,
    HaMode,
    NextHop,
    RealizationCheck,
    Tier0DefaultRoute,
    Tier0Gateway,
)

app = App()
stack = TerraformStack(app, "wld01")
NsxtProvider(stack, "nsxt", host="nsx-wld01.example.com")  # credentials: NSXT_USERNAME, NSXT_PASSWORD

# begin: ten lines
tier0 = Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
hops = [NextHop(address="10.27.51.1")]
route = Tier0DefaultRoute(stack, "Route", gateway_path=tier0.path, nsx_id="wld01-default-route", next_hops=hops)
supervisor = EgressMapping(source="30.0.0.5", translated="10.27.51.145", nsx_id="wld01-egress-supervisor")
tkg = EgressMapping(source="30.0.0.16", translated="10.27.51.147", nsx_id="wld01-egress-tkg")
uplinks = [tier0.interface_path(name) for name in ("edge01-uplink1", "edge02-uplink1")]
pair = EgressSnatPair(
    stack, "Egress", gateway_path=tier0.path, ha_mode=HaMode.ACTIVE_ACTIVE,
    applied_to=uplinks, supervisor=supervisor, tkg=tkg, default_route=route,
)  # fmt: skip
RealizationCheck(stack, "RouteRealized", resource=route.resource)  # the apply fails unless NSX has realized it
# end
app.synth()
