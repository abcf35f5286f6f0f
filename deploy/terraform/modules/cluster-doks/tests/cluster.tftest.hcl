mock_provider "digitalocean" {}

variables {
  name               = "weir"
  region             = "fra1"
  kubernetes_version = "1.36.1-do.0"
}

run "pools" {
  command = plan

  assert {
    condition = (
      length(digitalocean_kubernetes_cluster.cluster.node_pool) == 1
      && digitalocean_kubernetes_cluster.cluster.node_pool[0].node_count == 1
      && !coalesce(digitalocean_kubernetes_cluster.cluster.node_pool[0].auto_scale, false)
    )
    error_message = "the cluster has more than the fixed pool"
  }
  assert {
    condition = (
      digitalocean_kubernetes_node_pool.burst.auto_scale == true
      && digitalocean_kubernetes_node_pool.burst.min_nodes == 1
      && digitalocean_kubernetes_node_pool.burst.max_nodes == 3
    )
    error_message = "the burst pool does not scale from 1 to 3"
  }
  assert {
    condition = output.node_pools == [
      { memory_mib = 4096, min_nodes = 1, max_nodes = 1 }, { memory_mib = 4096, min_nodes = 1, max_nodes = 3 },
    ]
    error_message = "the memory of the nodes is wrong"
  }
  assert {
    condition = (
      digitalocean_kubernetes_cluster.cluster.auto_upgrade == false
      && length(digitalocean_kubernetes_cluster.cluster.maintenance_policy) == 0
    )
    error_message = "a window without upgrades has no effect"
  }
}

run "maintenance" {
  command = plan
  variables {
    maintenance = { day = "saturday", start_time = "04:00" }
  }
  assert {
    condition = (
      digitalocean_kubernetes_cluster.cluster.auto_upgrade == true
      && digitalocean_kubernetes_cluster.cluster.maintenance_policy[0].day == "saturday"
    )
    error_message = "the window has no upgrades"
  }
}

run "no_empty_pool" {
  command = plan
  variables {
    burst = { size = "s-2vcpu-4gb", min = 0 }
  }
  expect_failures = [var.burst]
}

run "no_open_version" {
  command = plan
  variables {
    kubernetes_version = "latest"
  }
  expect_failures = [var.kubernetes_version]
}

run "no_registry" {
  command = plan
  assert {
    condition = (
      !coalesce(digitalocean_kubernetes_cluster.cluster.registry_integration, false) && output.registry == null
      && length(digitalocean_container_registry.images) == 0
    )
    error_message = "a registry is integrated without one"
  }
}

run "registry" {
  command = plan
  variables {
    registry = { name = "shop" }
  }
  assert {
    condition = (
      digitalocean_kubernetes_cluster.cluster.registry_integration == true
      && digitalocean_container_registry.images[0].name == "shop"
      && output.registry == { server = "registry.digitalocean.com/shop", pull_secret = "shop" }
    )
    error_message = "the cluster cannot pull from the registry"
  }
}

run "existing_registry" {
  command = plan
  variables {
    registry = { name = "shop", create = false }
  }
  assert {
    condition = (
      digitalocean_kubernetes_cluster.cluster.registry_integration == true
      && length(digitalocean_container_registry.images) == 0
      && length(data.digitalocean_container_registry.images) == 1
    )
    error_message = "an existing registry is created again"
  }
}
