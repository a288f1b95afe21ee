import tier0_egress.constructs as nsx  # before cdktf: it lets jsii take the Node that pip brought

# isort: split
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider

app = App()
stack = TerraformStack(app, "wld01")
NsxtProvider(stack, "nsxt", host="nsx-wld01.example.com")  # credentials: NSXT_USERNAME and NSXT_PASSWORD

tier0 = nsx.Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
route = nsx.Tier0DefaultRoute(
    stack,
    "DefaultRoute",
    gateway_path=tier0.path,
    nsx_id="wld01-default-route",
    next_hops=[nsx.NextHop(address="10.27.51.1")],
)
nsx.EgressSnatPair(
    stack,
    "Egress",
    gateway_path=tier0.path,
    ha_mode=nsx.HaMode.ACTIVE_ACTIVE,  # REFLEXIVE rules; SNAT on ACTIVE_STANDBY
    applied_to=[tier0.interface_path("edge01-uplink1"), tier0.interface_path("edge02-uplink1")],
    supervisor=nsx.EgressMapping(source="30.0.0.5", translated="10.27.51.145", nsx_id="wld01-egress-supervisor"),
    tkg=nsx.EgressMapping(source="30.0.0.16", translated="10.27.51.147", nsx_id="wld01-egress-tkg"),
    default_route=route,  # the rules come after it, and go before it
)
nsx.RealizationCheck(stack, "RouteRealized", resource=route)  # the apply fails unless NSX realizes it
app.synth()
