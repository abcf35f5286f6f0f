resource "opentelekomcloud_vpc_v1" "cluster" {
  name = var.name
  cidr = var.network.cidr
}

resource "opentelekomcloud_vpc_subnet_v1" "cluster" {
  name       = var.name
  cidr       = var.network.cidr
  gateway_ip = var.network.gateway
  vpc_id     = opentelekomcloud_vpc_v1.cluster.id
}

resource "opentelekomcloud_cce_cluster_v3" "cluster" {
  name                   = var.name
  cluster_type           = "VirtualMachine"
  cluster_version        = var.kubernetes_version
  flavor_id              = var.flavor
  vpc_id                 = opentelekomcloud_vpc_v1.cluster.id
  subnet_id              = opentelekomcloud_vpc_subnet_v1.cluster.network_id
  container_network_type = "overlay_l2"
  kube_proxy_mode        = "ipvs"
  authentication_mode    = "rbac"
  eip                    = var.public_address
  # Client certificates of the administrator stay out of the state.
  ignore_certificate_users_data    = true
  ignore_certificate_clusters_data = true
}

resource "opentelekomcloud_cce_node_pool_v3" "fixed" {
  cluster_id         = opentelekomcloud_cce_cluster_v3.cluster.id
  name               = "${var.name}-fixed"
  flavor             = var.fixed.flavor
  availability_zone  = var.availability_zone
  os                 = var.os
  key_pair           = var.key_pair
  runtime            = "containerd"
  initial_node_count = var.fixed.nodes
  k8s_tags           = var.fixed.labels

  root_volume {
    size       = var.disks.root
    volumetype = "SSD"
  }
  data_volumes {
    size       = var.disks.data
    volumetype = "SSD"
  }
}

resource "opentelekomcloud_cce_node_pool_v3" "burst" {
  cluster_id               = opentelekomcloud_cce_cluster_v3.cluster.id
  name                     = "${var.name}-burst"
  flavor                   = var.burst.flavor
  availability_zone        = var.availability_zone
  os                       = var.os
  key_pair                 = var.key_pair
  runtime                  = "containerd"
  initial_node_count       = var.burst.min
  scale_enable             = true
  min_node_count           = var.burst.min
  max_node_count           = var.burst.max
  scale_down_cooldown_time = 10
  k8s_tags                 = var.burst.labels

  root_volume {
    size       = var.disks.root
    volumetype = "SSD"
  }
  data_volumes {
    size       = var.disks.data
    volumetype = "SSD"
  }

  lifecycle {
    ignore_changes = [initial_node_count]
  }
}
