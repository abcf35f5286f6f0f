output "cluster" {
  description = "Name, zone and version."
  value = {
    name    = exoscale_sks_cluster.cluster.name
    region  = exoscale_sks_cluster.cluster.zone
    version = exoscale_sks_cluster.cluster.version
  }
}

output "kubeconfig_command" {
  description = "Adds a context with a client certificate of `exo`, so that no key is in the state."
  value       = "exo compute sks kubeconfig ${var.name} admin -z ${var.zone} -g system:masters"
}

output "context" {
  description = "Context that kubeconfig_command adds."
  value       = var.name
}

output "node_pools" {
  description = "Memory and number of nodes by pool, for stack.node_pools."
  value = [
    { memory_mib = var.fixed.memory_mib, min_nodes = var.fixed.nodes, max_nodes = var.fixed.nodes },
    { memory_mib = var.burst.memory_mib, min_nodes = var.burst.min, max_nodes = var.burst.max },
  ]
}
