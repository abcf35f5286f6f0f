mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  stack = {
    domain       = "example.org"
    tenant       = "shop"
    ingress      = { tls_issuer = "letsencrypt" }
    oidc         = { client_secret = { name = "grafana-oidc", key = "client_secret" } }
    grafana      = { admin_secret = "grafana-admin" }
    weir         = { token = { name = "weir-auth", key = "viewer" } }
    keycloak     = { admin_secret = "keycloak-admin", github_secret = "keycloak-github" }
    object_store = { endpoint = "https://s3.example.org", region = "eu", bucket = "logs", secret = "loki-s3" }
    influxdb     = { secret = "influxdb-auth" }
    components = {
      keycloak = true, pushgateway = true, loki = true, alloy = true, elasticsearch = true, influxdb = true,
    }
  }
}

run "releases" {
  command = plan

  assert {
    condition     = sort(keys(helm_release.operators)) == tolist(["eck-operator", "traefik"])
    error_message = "operators come first"
  }
  assert {
    condition     = sort(keys(helm_release.readers)) == tolist(["alloy", "grafana"])
    error_message = "readers of stores come last"
  }
  assert {
    condition = alltrue([for name, release in merge(
      helm_release.operators, helm_release.stores, helm_release.readers,
    ) : release.version == jsondecode(file("../../charts.lock.json"))[name].version && release.namespace == "observability"])
    error_message = "a release has another version than the lock file"
  }
  assert {
    condition = strcontains(
      yamldecode(helm_release.readers["alloy"].values[0]).alloy.configMap.content, "tenant_id = \"shop\"",
    )
    error_message = "Alloy writes another tenant"
  }
}

run "objects" {
  command = plan

  assert {
    condition = (
      kubernetes_secret_v1.stack["datasources"].metadata[0].labels["grafana_datasource"] == "1"
      && length(kubernetes_config_map_v1.stack) == 7
    )
    error_message = "Grafana does not find its files"
  }
  assert {
    condition = alltrue([for name, map in kubernetes_config_map_v1.stack :
      startswith(name, "dashboard-") ? map.metadata[0].labels["grafana_dashboard"] == "1" : true
    ])
    error_message = "a dashboard has no label"
  }
}
