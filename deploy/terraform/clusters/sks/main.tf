# A cluster at Exoscale. Credentials are EXOSCALE_API_KEY and EXOSCALE_API_SECRET of the environment.
terraform {
  required_version = ">= 1.9"
  required_providers {
    exoscale = {
      source  = "exoscale/exoscale"
      version = "0.70.0"
    }
  }
}

provider "exoscale" {}

variable "name" {
  type    = string
  default = "weir"
}

variable "zone" {
  type    = string
  default = "ch-gva-2"
}

variable "kubernetes_version" {
  type = string
}

variable "karpenter" {
  type    = bool
  default = false
}

module "cluster" {
  source             = "../../modules/cluster-sks"
  name               = var.name
  zone               = var.zone
  kubernetes_version = var.kubernetes_version
  karpenter          = var.karpenter
}

output "kubeconfig_command" {
  value = module.cluster.kubeconfig_command
}

output "context" {
  value = module.cluster.context
}

output "node_pools" {
  value = module.cluster.node_pools
}
