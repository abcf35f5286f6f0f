# A cluster at Open Telekom Cloud. Credentials are OS_ACCESS_KEY and OS_SECRET_KEY, with OS_DOMAIN_NAME and
# OS_PROJECT_NAME, of the environment.
terraform {
  required_version = ">= 1.9"
  required_providers {
    opentelekomcloud = {
      source  = "opentelekomcloud/opentelekomcloud"
      version = "1.36.23"
    }
  }
}

provider "opentelekomcloud" {
  auth_url = "https://iam.${var.region}.otc.t-systems.com/v3"
}

variable "name" {
  type    = string
  default = "weir"
}

variable "region" {
  type    = string
  default = "eu-de"
}

variable "kubernetes_version" {
  type = string
}

variable "key_pair" {
  type = string
}

variable "public_address" {
  type    = string
  default = null
}

module "cluster" {
  source             = "../../modules/cluster-cce"
  name               = var.name
  region             = var.region
  kubernetes_version = var.kubernetes_version
  key_pair           = var.key_pair
  public_address     = var.public_address
}

# CCE has no command that renews credentials: the kubeconfig holds a certificate and is in the state of this root.
data "opentelekomcloud_cce_cluster_kubeconfig_v3" "cluster" {
  cluster_id = module.cluster.cluster.id
  duration   = 90
}

output "kubeconfig" {
  value     = data.opentelekomcloud_cce_cluster_kubeconfig_v3.cluster.kubeconfig
  sensitive = true
}

output "context" {
  value = module.cluster.context
}

output "node_pools" {
  value = module.cluster.node_pools
}
