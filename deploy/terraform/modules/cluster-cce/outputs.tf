output "cluster" {
  description = "Id, name, region and version."
  value = {
    id      = opentelekomcloud_cce_cluster_v3.cluster.id
    name    = opentelekomcloud_cce_cluster_v3.cluster.name
    region  = var.region
    version = var.kubernetes_version
  }
}

output "context" {
  description = "Context of the kubeconfig that CCE issues."
  value       = var.public_address == null ? "internal" : "external"
}

output "node_pools" {
  description = "Memory and number of nodes by pool, for stack.node_pools."
  value = [
    { memory_mib = var.fixed.memory_mib, min_nodes = var.fixed.nodes, max_nodes = var.fixed.nodes },
    { memory_mib = var.burst.memory_mib, min_nodes = var.burst.min, max_nodes = var.burst.max },
  ]
}
