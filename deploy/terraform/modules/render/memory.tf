locals {
  # MiB per pod. Each value is the request of the pod's main container, so that the sum is what the scheduler sees.
  memory = merge({
    alertmanager       = 64
    alloy              = 192
    alloy_reloader     = 50
    eck_operator       = 150
    elasticsearch      = 1024
    grafana            = 256
    grafana_sidecars   = 192
    influxdb           = 384
    keycloak           = 768
    kube_state_metrics = 64
    loki               = 384
    loki_gateway       = 32
    node_exporter      = 32
    prometheus         = 640
    pushgateway        = 32
    traefik            = 128
    weir               = 512
  }, var.stack.memory)

  nodes = try(sum(var.stack.node_pools[*].min_nodes), 1)
  requests = {
    alertmanager       = local.on.prometheus ? local.memory.alertmanager : 0
    alloy              = local.on.alloy ? (local.memory.alloy + local.memory.alloy_reloader) * local.nodes : 0
    eck_operator       = local.on.elasticsearch ? local.memory.eck_operator : 0
    elasticsearch      = local.on.elasticsearch ? local.memory.elasticsearch * var.stack.elasticsearch.replicas : 0
    grafana            = local.memory.grafana + local.memory.grafana_sidecars
    influxdb           = local.on.influxdb ? local.memory.influxdb : 0
    keycloak           = local.on.keycloak ? local.memory.keycloak : 0
    kube_state_metrics = local.on.prometheus ? local.memory.kube_state_metrics : 0
    loki               = local.on.loki ? local.memory.loki + local.memory.loki_gateway : 0
    node_exporter      = local.on.prometheus && local.on.node_exporter ? local.memory.node_exporter * local.nodes : 0
    prometheus         = local.on.prometheus ? local.memory.prometheus : 0
    pushgateway        = local.on.prometheus && local.on.pushgateway ? local.memory.pushgateway : 0
    traefik            = local.on.traefik ? local.memory.traefik : 0
    weir               = local.on.weir ? local.memory.weir : 0
  }
  request_sum = sum(values(local.requests))
  capacity = var.stack.node_pools == null ? null : sum([
    for pool in var.stack.node_pools : (pool.memory_mib - var.stack.reserved_mib) * pool.min_nodes
  ])
  largest_node = var.stack.node_pools == null ? null : (
    max(var.stack.node_pools[*].memory_mib...) - var.stack.reserved_mib
  )
  largest_pod = max(local.requests.grafana, [
    for name, mib in local.memory : mib if try(local.requests[name], 0) > 0
  ]...)
  resources_of = { for name, mib in local.memory : name => { requests = { memory = "${mib}Mi" } } }
}

check "memory" {
  assert {
    condition = var.stack.node_pools == null ? true : local.request_sum <= local.capacity
    error_message = join("", [
      "The stack requests ${local.request_sum} MiB of memory and the smallest number of nodes has ",
      "${coalesce(local.capacity, 0)} MiB: pods wait for further nodes, or stay pending. ",
      "Use larger nodes, more of them, or fewer components.",
    ])
  }
  assert {
    condition = var.stack.node_pools == null ? true : local.largest_pod <= local.largest_node
    error_message = join("", [
      "A pod requests ${local.largest_pod} MiB of memory and the largest node has ",
      "${coalesce(local.largest_node, 0)} MiB.",
    ])
  }
}
