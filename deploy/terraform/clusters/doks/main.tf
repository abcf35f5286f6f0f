# A cluster at DigitalOcean. The token is DIGITALOCEAN_TOKEN of the environment.
terraform {
  required_version = ">= 1.9"
  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = "2.99.1"
    }
  }
}

provider "digitalocean" {}

variable "name" {
  type    = string
  default = "weir"
}

variable "region" {
  type    = string
  default = "fra1"
}

variable "kubernetes_version" {
  type = string
}

variable "fixed" {
  type    = object({ size = string, nodes = number })
  default = { size = "s-2vcpu-4gb", nodes = 1 }
}

variable "burst" {
  type    = object({ size = string, min = optional(number, 1), max = optional(number, 3) })
  default = { size = "s-2vcpu-4gb" }
}

variable "registry" {
  description = "Container registry of the account: modules/cluster-doks."
  type = object({
    name = string, create = optional(bool, true), tier = optional(string, "basic"), region = optional(string),
  })
  default = null
}

module "cluster" {
  source             = "../../modules/cluster-doks"
  name               = var.name
  region             = var.region
  kubernetes_version = var.kubernetes_version
  fixed              = var.fixed
  burst              = var.burst
  registry           = var.registry
}

output "kubeconfig_command" {
  value = module.cluster.kubeconfig_command
}

output "context" {
  value = module.cluster.context
}

output "registry" {
  value = module.cluster.registry
}

output "pull_secrets" {
  value = module.cluster.registry[*].pull_secret
}

output "node_pools" {
  value = module.cluster.node_pools
}
