resource "exoscale_private_network" "cluster" {
  zone = var.zone
  name = var.name
}

resource "exoscale_sks_cluster" "cluster" {
  zone                          = var.zone
  name                          = var.name
  version                       = var.kubernetes_version
  service_level                 = var.service_level
  exoscale_csi                  = true
  enable_karpenter              = var.karpenter
  create_default_security_group = true
}

resource "exoscale_sks_nodepool" "fixed" {
  zone                = var.zone
  cluster_id          = exoscale_sks_cluster.cluster.id
  name                = "${var.name}-fixed"
  instance_type       = var.fixed.type
  size                = var.fixed.nodes
  disk_size           = var.fixed.disk_gib
  private_network_ids = [exoscale_private_network.cluster.id]
  security_group_ids  = compact([exoscale_sks_cluster.cluster.default_security_group_id])
}

resource "exoscale_sks_nodepool" "burst" {
  zone                = var.zone
  cluster_id          = exoscale_sks_cluster.cluster.id
  name                = "${var.name}-burst"
  instance_type       = var.burst.type
  size                = var.burst.min
  disk_size           = var.burst.disk_gib
  labels              = var.burst.labels
  taints              = var.burst.taints
  private_network_ids = [exoscale_private_network.cluster.id]
  security_group_ids  = compact([exoscale_sks_cluster.cluster.default_security_group_id])

  lifecycle {
    ignore_changes = [size]
  }
}
