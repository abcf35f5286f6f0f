locals {
  # `s-2vcpu-4gb-amd` → 4096
  memory_mib = { for name, pool in { fixed = var.fixed, burst = var.burst } : name => coalesce(
    pool.memory_mib, try(tonumber(regex("-([0-9]+)gb", pool.size)[0]) * 1024, null),
  ) }
}

resource "digitalocean_vpc" "cluster" {
  name     = var.name
  region   = var.region
  ip_range = var.network
}

# An account has one registry.
resource "digitalocean_container_registry" "images" {
  count                  = try(var.registry.create, false) ? 1 : 0
  name                   = var.registry.name
  subscription_tier_slug = var.registry.tier
  region                 = var.registry.region
}

# Fails at the plan if it does not exist: the integration would be refused after the cluster was created.
data "digitalocean_container_registry" "images" {
  count = try(!var.registry.create, false) ? 1 : 0
  name  = var.registry.name
}

resource "digitalocean_kubernetes_cluster" "cluster" {
  name          = var.name
  region        = var.region
  version       = var.kubernetes_version
  vpc_uuid      = digitalocean_vpc.cluster.id
  ha            = var.ha
  auto_upgrade  = var.maintenance != null
  surge_upgrade = true
  tags          = var.tags
  # It adds a pull secret with the name of the registry to each namespace.
  registry_integration = var.registry != null
  depends_on = [
    digitalocean_container_registry.images, data.digitalocean_container_registry.images,
  ]

  dynamic "maintenance_policy" {
    for_each = var.maintenance[*]
    content {
      day        = maintenance_policy.value.day
      start_time = maintenance_policy.value.start_time
    }
  }

  # The schema permits one block. Further pools are resources of their own.
  node_pool {
    name       = "${var.name}-fixed"
    size       = var.fixed.size
    node_count = var.fixed.nodes
    labels     = var.fixed.labels
    tags       = var.tags
  }
}

resource "digitalocean_kubernetes_node_pool" "burst" {
  cluster_id = digitalocean_kubernetes_cluster.cluster.id
  name       = "${var.name}-burst"
  size       = var.burst.size
  auto_scale = true
  min_nodes  = var.burst.min
  max_nodes  = var.burst.max
  labels     = var.burst.labels
  tags       = var.tags

  dynamic "taint" {
    for_each = var.burst.taints
    content {
      key    = taint.value.key
      value  = taint.value.value
      effect = taint.value.effect
    }
  }
}
