variables {
  stack = {
    domain  = "example.org"
    ingress = { tls_secret = "stack-tls" }
    oidc = {
      realm_url = "https://login.example.org/realms/ops/"
      vault     = { role = "grafana", path = "kv/data/grafana" }
    }
    grafana = { admin_secret = "grafana-admin" }
    weir    = { token = { name = "weir-auth", key = "viewer" } }
  }
}

run "components" {
  command = plan

  assert {
    condition     = keys(output.releases) == ["grafana", "prometheus", "traefik", "weir"]
    error_message = "the small stack has other components"
  }
  assert {
    condition     = keys(output.secret_names) == ["grafana-admin", "weir-auth"]
    error_message = "other Secrets are required"
  }
  assert {
    condition     = output.memory.sum < 2200
    error_message = "the small stack does not fit into one node of 4 GiB"
  }
}

run "vault" {
  command = plan

  assert {
    condition = contains(
      values(yamldecode(output.releases.grafana.values).podAnnotations),
      "{{- with secret \"kv/data/grafana\" -}}{{ .Data.data.client_secret }}{{- end -}}",
    )
    error_message = "the template of the injector is wrong"
  }
  assert {
    condition = yamldecode(output.releases.grafana.values)["grafana.ini"]["auth.generic_oauth"] == merge(
      yamldecode(output.releases.grafana.values)["grafana.ini"]["auth.generic_oauth"], {
        client_secret = "$__file{/vault/secrets/oidc}"
        token_url     = "https://login.example.org/realms/ops/protocol/openid-connect/token"
    })
    error_message = "Grafana does not read the secret of Vault"
  }
}

run "too_little_memory" {
  command = plan
  variables {
    stack = {
      domain  = "example.org"
      ingress = { tls_secret = "stack-tls" }
      oidc    = { realm_url = "https://login.example.org/realms/ops", vault = { role = "g", path = "kv/data/g" } }
      grafana = { admin_secret = "grafana-admin" }
      weir    = { token = { name = "weir-auth", key = "viewer" } }
      node_pools = [
        { memory_mib = 1024, min_nodes = 1, max_nodes = 1 }, { memory_mib = 1024, min_nodes = 1, max_nodes = 3 },
      ]
    }
  }
  expect_failures = [check.memory]
}

run "enough_memory" {
  command = plan
  variables {
    stack = {
      domain     = "example.org"
      ingress    = { tls_secret = "stack-tls" }
      oidc       = { realm_url = "https://login.example.org/realms/ops", vault = { role = "g", path = "kv/data/g" } }
      grafana    = { admin_secret = "grafana-admin" }
      weir       = { token = { name = "weir-auth", key = "viewer" } }
      node_pools = [{ memory_mib = 4096, min_nodes = 1, max_nodes = 1 }]
    }
  }
}

run "no_open_versions" {
  command = plan
  variables {
    charts = "tests/open.lock.json"
  }
  expect_failures = [output.releases]
}

run "one_source_of_tls" {
  command = plan
  variables {
    stack = {
      domain  = "example.org"
      ingress = { tls_secret = "stack-tls", tls_issuer = "letsencrypt" }
      oidc    = { realm_url = "https://login.example.org/realms/ops", vault = { role = "g", path = "kv/data/g" } }
      grafana = { admin_secret = "grafana-admin" }
      weir    = { token = { name = "weir-auth", key = "viewer" } }
    }
  }
  expect_failures = [var.stack]
}

run "no_literal_secret" {
  command = plan
  variables {
    stack = {
      domain  = "example.org"
      ingress = { tls_secret = "stack-tls" }
      oidc    = { realm_url = "https://login.example.org/realms/ops", vault = { role = "g", path = "kv/data/g" } }
      grafana = { admin_secret = "grafana-admin" }
      weir = {
        token  = { name = "weir-auth", key = "viewer" }
        config = { auth = { tokens = [{ name = "grafana", token = "correct-horse" }] } }
      }
    }
  }
  expect_failures = [var.stack]
}
