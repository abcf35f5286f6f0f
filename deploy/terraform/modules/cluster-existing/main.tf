# A cluster that exists already. The outputs are those of the other cluster modules.
terraform {
  required_version = ">= 1.9"
}

variable "kubeconfig" {
  description = "Path of a kubeconfig."
  type        = string
  default     = "~/.kube/config"
}

variable "context" {
  description = "Context of the kubeconfig. Required: an implicit current context may be another cluster."
  type        = string
  validation {
    condition     = trimspace(var.context) != ""
    error_message = "context is empty."
  }
}

variable "node_pools" {
  description = "Nodes of the cluster, to compare their memory with the requests. Null: unknown."
  type        = list(object({ memory_mib = number, min_nodes = number, max_nodes = number }))
  default     = null
}

output "kubeconfig" {
  description = "Path and context for the providers helm and kubernetes."
  value       = { path = pathexpand(var.kubeconfig), context = var.context }
}

output "node_pools" {
  description = "Memory and number of nodes by pool."
  value       = var.node_pools
}
