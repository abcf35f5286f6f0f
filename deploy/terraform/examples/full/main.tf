# Every component: Keycloak with GitHub as broker, Prometheus, Loki on S3, Alloy, Elasticsearch, InfluxDB, and Weir with
# three feeds (weir.yaml) of RabbitMQ, a websocket and HTTP.
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

locals {
  weir = yamldecode(file("${path.module}/weir.yaml"))
  # One datasource for each index that a sink writes: `coinbase-%Y.%m.%d` is read as `coinbase-*`.
  indices = { for sink in values(local.weir.sinks) :
    title(split("-", sink.index)[0]) => "${split("-", sink.index)[0]}-*" if sink.type == "elasticsearch"
  }
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
    oidc          = { client_secret = { name = "grafana-oidc", key = "client_secret" } }
    keycloak      = { admin_secret = "keycloak-admin", github_secret = "keycloak-github", users = var.users }
    grafana       = { admin_secret = "grafana-admin" }
    elasticsearch = { indices = local.indices }
    object_store  = merge(var.object_store, { secret = "loki-s3" })
    influxdb      = { secret = "influxdb-auth" }
    weir = {
      image        = var.weir_image
      pull_secrets = var.pull_secrets
      token        = { name = "weir-auth", key = "viewer" }
      secrets = {
        WEIR_VIEWER       = { secret = "weir-auth", key = "viewer" }
        RABBITMQ_PASSWORD = { secret = "rabbitmq-weir", key = "password" }
        # Of the operator of Elastic.
        ES_PASSWORD  = { secret = "elasticsearch-es-elastic-user", key = "elastic" }
        INFLUX_TOKEN = { secret = "influxdb-auth", key = "admin-token" }
      }
      secret_files = { elasticsearch = { secret = "elasticsearch-es-http-certs-public" } }
      config = merge(local.weir, {
        sources = merge(local.weir.sources, { kubernetes = { cluster = var.context } })
      })
    }
  }
}
