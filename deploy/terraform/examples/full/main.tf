# Every component: Keycloak with GitHub as broker, Prometheus, Loki on S3, Alloy, Elasticsearch, InfluxDB, Weir.
variable "tls_issuer" {
  description = "ClusterIssuer of an installed cert-manager."
  type        = string
  default     = "letsencrypt"
}

variable "object_store" {
  description = "S3 bucket of Loki. The Secret loki-s3 holds the keys."
  type        = object({ endpoint = string, region = string, bucket = string })
}

variable "users" {
  description = "Users by their numeric id at GitHub."
  type        = list(object({ github_id = string, login = string, roles = list(string) }))
}

variable "tenant" {
  description = "Tenant of Loki."
  type        = string
  default     = "main"
}

module "stack" {
  source = "../../modules/stack"
  stack = {
    domain     = var.domain
    tenant     = var.tenant
    node_pools = module.cluster.node_pools
    ingress    = { tls_issuer = var.tls_issuer }
    components = {
      keycloak = true, pushgateway = true, loki = true, alloy = true, elasticsearch = true, influxdb = true,
    }
    oidc         = { client_secret = { name = "grafana-oidc", key = "client_secret" } }
    keycloak     = { admin_secret = "keycloak-admin", github_secret = "keycloak-github", users = var.users }
    grafana      = { admin_secret = "grafana-admin" }
    object_store = merge(var.object_store, { secret = "loki-s3" })
    influxdb     = { secret = "influxdb-auth" }
    weir = {
      token   = { name = "weir-auth", key = "viewer" }
      secrets = { WEIR_VIEWER = { secret = "weir-auth", key = "viewer" } }
      config = {
        auth    = { tokens = [{ name = "grafana", role = "viewer", token = "env:WEIR_VIEWER" }] }
        sources = { kubernetes = { cluster = var.context } }
      }
    }
  }
}
