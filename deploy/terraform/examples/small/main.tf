# Weir with its own store, Prometheus and Grafana, on one node of 4 GiB. Login is at an existing Keycloak.
variable "realm_url" {
  description = "Realm of an existing Keycloak: https://HOST/realms/REALM."
  type        = string
}

variable "tls_secret" {
  description = "Secret of type kubernetes.io/tls for *.DOMAIN."
  type        = string
  default     = "stack-tls"
}

module "stack" {
  source = "../../modules/stack"
  stack = {
    domain     = var.domain
    node_pools = module.cluster.node_pools
    ingress    = { tls_secret = var.tls_secret }
    oidc       = { realm_url = var.realm_url, client_secret = { name = "grafana-oidc", key = "client_secret" } }
    grafana    = { admin_secret = "grafana-admin" }
    weir = {
      image        = var.weir_image
      pull_secrets = var.pull_secrets
      token        = { name = "weir-auth", key = "viewer" }
      secrets      = { WEIR_VIEWER = { secret = "weir-auth", key = "viewer" } }
      config = {
        auth    = { tokens = [{ name = "grafana", role = "viewer", token = "env:WEIR_VIEWER" }] }
        sources = { kubernetes = { cluster = var.context } }
      }
    }
  }
}
