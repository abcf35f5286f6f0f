output "cluster" {
  description = "Name, region and version."
  value = {
    name    = digitalocean_kubernetes_cluster.cluster.name
    region  = digitalocean_kubernetes_cluster.cluster.region
    version = digitalocean_kubernetes_cluster.cluster.version
  }
}

output "kubeconfig_command" {
  description = "Adds a context whose credentials `doctl` renews, so that no token is in the state."
  value       = "doctl kubernetes cluster kubeconfig save ${digitalocean_kubernetes_cluster.cluster.name}"
}

output "context" {
  description = "Context that kubeconfig_command adds."
  value       = "do-${var.region}-${var.name}"
}

output "node_pools" {
  description = "Memory and number of nodes by pool, for stack.node_pools."
  value = [
    { memory_mib = local.memory_mib.fixed, min_nodes = var.fixed.nodes, max_nodes = var.fixed.nodes },
    { memory_mib = local.memory_mib.burst, min_nodes = var.burst.min, max_nodes = var.burst.max },
  ]
}

output "registry" {
  description = "Prefix of images, and the pull secret of the integration. Null without a registry."
  value = var.registry == null ? null : {
    server = "registry.digitalocean.com/${var.registry.name}", pull_secret = var.registry.name,
  }
}
