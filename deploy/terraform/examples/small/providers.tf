terraform {
  required_version = ">= 1.9"
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "3.1.2"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "3.2.1"
    }
  }
}

# The cluster exists before this root: its kubeconfig renews credentials by itself.
module "cluster" {
  source     = "../../modules/cluster-existing"
  kubeconfig = var.kubeconfig
  context    = var.context
  node_pools = var.node_pools
}

provider "kubernetes" {
  config_path    = module.cluster.kubeconfig.path
  config_context = module.cluster.kubeconfig.context
}

provider "helm" {
  kubernetes = {
    config_path    = module.cluster.kubeconfig.path
    config_context = module.cluster.kubeconfig.context
  }
}

variable "kubeconfig" {
  description = "Path of the kubeconfig."
  type        = string
  default     = "~/.kube/config"
}

variable "context" {
  description = "Context of the kubeconfig."
  type        = string
}

variable "node_pools" {
  description = "Output node_pools of the cluster's root."
  type        = list(object({ memory_mib = number, min_nodes = number, max_nodes = number }))
  default     = null
}

variable "domain" {
  description = "Domain of the stack: grafana.DOMAIN, weir.DOMAIN."
  type        = string
}

variable "weir_image" {
  description = "Repository to which the image of Weir was pushed."
  type        = string
  default     = null
}

variable "pull_secrets" {
  description = "Secrets with a login to the registry of weir_image."
  type        = list(string)
  default     = []
}

output "grafana_url" {
  value = module.stack.grafana_url
}

output "urls" {
  value = module.stack.urls
}

output "secret_names" {
  value = module.stack.secret_names
}

output "memory" {
  value = module.stack.memory
}
