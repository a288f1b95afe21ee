# The golden domain as a platform engineer writes it by hand: what bench_plan.py compares the synthesised stack with.

terraform {
  required_version = ">= 1.6"
  required_providers {
    nsxt = {
      source  = "vmware/nsxt"
      version = ">= 3.11, < 4.0"
    }
  }
}

variable "host" { type = string }
variable "ca" { type = string }

provider "nsxt" {
  host                  = var.host
  ca                    = var.ca
  max_retries           = 10
  retry_min_delay       = 500
  retry_max_delay       = 5000
  retry_on_status_codes = [409, 429, 500, 503, 504]
}

locals {
  interfaces = "${data.nsxt_policy_tier0_gateway.tier0.path}/locale-services/default/interfaces"
  egress = {
    supervisor = { source = "30.0.0.5", translated = "10.27.51.145", priority = 100 }
    tkg        = { source = "30.0.0.16", translated = "10.27.51.147", priority = 110 }
  }
}

data "nsxt_policy_tier0_gateway" "tier0" {
  id = "T0-wld01"
}

resource "nsxt_policy_static_route" "default" {
  nsx_id       = "wld01-default-route"
  display_name = "wld01-default-route"
  gateway_path = data.nsxt_policy_tier0_gateway.tier0.path
  network      = "0.0.0.0/0"
  next_hop {
    ip_address     = "10.27.51.1"
    admin_distance = 1
  }
  tag {
    scope = "managed-by"
    tag   = "tier0-egress"
  }
  tag {
    scope = "stack"
    tag   = "wld01"
  }
}

resource "nsxt_policy_nat_rule" "egress" {
  for_each            = local.egress
  nsx_id              = "wld01-egress-${each.key}"
  display_name        = "wld01-egress-${each.key}"
  gateway_path        = data.nsxt_policy_tier0_gateway.tier0.path
  type                = "USER"
  action              = "REFLEXIVE"
  source_networks     = [each.value.source]
  translated_networks = [each.value.translated]
  rule_priority       = each.value.priority
  firewall_match      = "MATCH_INTERNAL_ADDRESS"
  enabled             = true
  logging             = false
  scope               = ["${local.interfaces}/edge01-uplink1", "${local.interfaces}/edge02-uplink1"]
  tag {
    scope = "managed-by"
    tag   = "tier0-egress"
  }
  tag {
    scope = "stack"
    tag   = "wld01"
  }
  depends_on = [nsxt_policy_static_route.default]
}

data "nsxt_policy_realization_info" "route" {
  path    = nsxt_policy_static_route.default.path
  delay   = 0
  timeout = 120
  lifecycle {
    postcondition {
      condition     = self.state == "REALIZED"
      error_message = "the default route is ${self.state}"
    }
  }
}

data "nsxt_policy_realization_info" "egress" {
  for_each = nsxt_policy_nat_rule.egress
  path     = each.value.path
  delay    = 0
  timeout  = 120
  lifecycle {
    postcondition {
      condition     = self.state == "REALIZED"
      error_message = "${each.key} is ${self.state}"
    }
  }
}

output "gateway_path" { value = data.nsxt_policy_tier0_gateway.tier0.path }
output "default_route_path" { value = nsxt_policy_static_route.default.path }
output "egress_paths" { value = { for key, rule in nsxt_policy_nat_rule.egress : key => rule.path } }
