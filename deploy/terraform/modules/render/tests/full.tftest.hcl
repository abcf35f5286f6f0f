# Every component at once. No provider is needed: `terraform test` in modules/render.
variables {
  stack = {
    domain  = "example.org"
    tenant  = "shop"
    ingress = { tls_issuer = "letsencrypt" }
    oidc    = { client_secret = { name = "grafana-oidc", key = "client_secret" } }
    grafana = { admin_secret = "grafana-admin" }
    weir    = { token = { name = "weir-auth", key = "viewer" } }
    keycloak = {
      admin_secret  = "keycloak-admin"
      github_secret = "keycloak-github"
      users         = [{ github_id = "4711", login = "Ada", roles = ["admin"] }]
    }
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
    condition = keys(output.releases) == [
      "alloy", "eck-operator", "elasticsearch", "grafana", "influxdb", "keycloak", "loki", "prometheus", "traefik", "weir",
    ]
    error_message = "a release is missing"
  }
  assert {
    condition = alltrue([for name, release in output.releases :
      release.version == jsondecode(file("../../charts.lock.json"))[name].version
    ])
    error_message = "a version is not the one of the lock file"
  }
  assert {
    condition     = output.releases["eck-operator"].wave < output.releases.elasticsearch.wave
    error_message = "the operator is installed after its resource"
  }
}

run "tenant" {
  command = plan

  assert {
    condition = strcontains(
      yamldecode(output.releases.alloy.values).alloy.configMap.content, "tenant_id = \"shop\"",
    )
    error_message = "Alloy writes another tenant"
  }
  assert {
    condition = [for source in yamldecode(output.secrets.datasources.data["stack.yaml"]).datasources :
      source.secureJsonData.httpHeaderValue1 if source.type == "loki"
    ] == ["shop"]
    error_message = "the datasource reads another tenant"
  }
}

run "addresses" {
  command = plan

  assert {
    condition = { for source in yamldecode(output.secrets.datasources.data["stack.yaml"]).datasources :
      source.type => source.url } == {
      alertmanager  = "http://prometheus-alertmanager.observability.svc:9093"
      elasticsearch = "https://elasticsearch-es-http.observability.svc:9200"
      influxdb      = "http://influxdb.observability.svc:80"
      loki          = "http://loki-gateway.observability.svc:80"
      prometheus    = "http://prometheus-server.observability.svc:80"
    }
    error_message = "a datasource has another address than its service"
  }
  assert {
    condition = (
      yamldecode(output.releases.prometheus.values).server.fullnameOverride == "prometheus-server"
      && yamldecode(output.releases.loki.values).fullnameOverride == "loki"
      && yamldecode(output.releases.influxdb.values).fullnameOverride == "influxdb"
      && yamldecode(output.releases.elasticsearch.values).fullnameOverride == "elasticsearch"
    )
    error_message = "a service has another name than its datasource expects"
  }
}

run "indices" {
  command = plan
  variables {
    stack = {
      domain  = "example.org"
      ingress = { tls_issuer = "letsencrypt" }
      oidc = {
        realm_url     = "https://login.example.org/realms/ops"
        client_secret = { name = "grafana-oidc", key = "client_secret" }
      }
      grafana       = { admin_secret = "grafana-admin" }
      weir          = { token = { name = "weir-auth", key = "viewer" } }
      components    = { elasticsearch = true }
      elasticsearch = { indices = { Documents = "weir-*", Coinbase = "coinbase-*", "Twelve Data" = "twelvedata-*" } }
    }
  }

  assert {
    condition = { for source in yamldecode(output.secrets.datasources.data["stack.yaml"]).datasources :
      source.uid => "${source.name}: ${source.jsonData.index}" if source.type == "elasticsearch" } == {
      stack-es             = "Documents: weir-*"
      stack-es-coinbase    = "Coinbase: coinbase-*"
      stack-es-twelve-data = "Twelve Data: twelvedata-*"
    }
    error_message = "an index has no datasource of its own"
  }
}

run "pull_secrets" {
  command = plan
  variables {
    stack = {
      domain  = "example.org"
      ingress = { tls_issuer = "letsencrypt" }
      oidc = {
        realm_url     = "https://login.example.org/realms/ops"
        client_secret = { name = "grafana-oidc", key = "client_secret" }
      }
      grafana = { admin_secret = "grafana-admin" }
      weir = {
        token        = { name = "weir-auth", key = "viewer" }
        image        = "registry.example.org/weir"
        pull_secrets = ["registry"]
        secret_files = { elasticsearch = { secret = "es-ca" } }
      }
    }
  }

  assert {
    condition = (
      yamldecode(output.releases.weir.values).imagePullSecrets == [{ name = "registry" }]
      && yamldecode(output.releases.weir.values).image.repository == "registry.example.org/weir"
      && output.secret_names["registry"] == [".dockerconfigjson"]
    )
    error_message = "the pods cannot pull the image"
  }
  assert {
    condition     = yamldecode(output.releases.weir.values).secrets.files == { elasticsearch = { secret = "es-ca" } }
    error_message = "the folder of a Secret is missing"
  }
}

run "login" {
  command = plan

  assert {
    condition = (
      yamldecode(output.releases.grafana.values)["grafana.ini"].auth.disable_login_form == true
      && yamldecode(output.releases.grafana.values)["grafana.ini"]["auth.generic_oauth"].role_attribute_strict == true
    )
    error_message = "the login form is open, or users without a role are accepted"
  }
  assert {
    condition = yamldecode(output.releases.grafana.values)["grafana.ini"]["auth.generic_oauth"].client_secret == (
      "$__file{/etc/secrets/oidc/client_secret}"
    )
    error_message = "the client secret is not read from its Secret"
  }
  assert {
    condition = jsondecode(output.config_maps.keycloak-realm.data["realm.json"]).clients[0].secret == (
      "$${GRAFANA_CLIENT_SECRET}"
    )
    error_message = "the realm holds a secret"
  }
  assert {
    condition = jsondecode(output.config_maps.keycloak-realm.data["realm.json"]).users[0].federatedIdentities[0] == {
      identityProvider = "github", userId = "4711", userName = "Ada"
    }
    error_message = "the user is not linked to GitHub"
  }
}

run "caches_off" {
  command = plan

  assert {
    condition = (
      yamldecode(output.releases.loki.values).chunksCache.enabled == false
      && yamldecode(output.releases.loki.values).resultsCache.enabled == false
    )
    error_message = "Memcached of Loki requests more memory than the stack"
  }
  assert {
    condition     = output.memory.sum == sum(values(output.memory.requests)) && output.memory.sum > 4000
    error_message = "the sum of memory is wrong"
  }
}
