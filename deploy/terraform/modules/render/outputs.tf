output "releases" {
  description = "Helm releases by name: chart, repository, version, wave and values."
  value = { for name, values in local.values : name => {
    chart      = local.lock[name].chart
    repository = local.lock[name].repository
    version    = local.lock[name].version
    wave       = lookup(local.waves, name, 2)
    values     = yamlencode(values)
  } if local.enabled[name] }

  precondition {
    condition = alltrue([for name, chart in local.lock :
      can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+", chart.version)) && !can(regex("^(latest|)$", chart.image.tag))
    ])
    error_message = "charts.lock.json needs an exact version and an image tag for each chart; `latest` is not one."
  }
}

output "config_maps" {
  description = "Bodies of ConfigMaps by name: labels, annotations, data."
  value = merge(
    local.dashboard_config_maps,
    { for name, text in local.alert_files : "alerts-${name}" => {
      labels = { grafana_alert = "1" }, annotations = {}, data = { "${name}.yaml" = text }
    } },
    !local.on.keycloak ? {} : { keycloak-realm = {
      labels = {}, annotations = {}, data = { "realm.json" = jsonencode(local.keycloak_realm) }
    } },
  )

  precondition {
    condition = length(local.unresolved_inputs) == 0
    error_message = join("", [
      "Dashboards have inputs without a uid in stack.dashboard_inputs: ", join(", ", local.unresolved_inputs), ".",
    ])
  }
  precondition {
    condition = alltrue([for bytes in values(local.dashboard_bytes) : bytes <= local.largest_bytes])
    error_message = "A ConfigMap holds at most 1 MiB; larger dashboards: ${join(", ", [
      for key, bytes in local.dashboard_bytes : key if bytes > local.largest_bytes
    ])}."
  }
}

output "secrets" {
  description = "Bodies of Secrets by name. They hold references to variables, no secret value."
  value       = { datasources = { labels = { grafana_datasource = "1" }, data = local.datasource_files } }
}

output "rule_files" {
  description = "Rules for Prometheus by name, as in their files."
  value       = local.rule_files
}

output "namespace" {
  description = "Namespace of everything."
  value       = var.stack.namespace
}

output "urls" {
  description = "Public address of Grafana, and in-cluster addresses by component."
  value = merge({ for name, url in local.urls : name => url if lookup(merge(local.enabled, {
    alertmanager = local.on.prometheus
  }), name, false) }, { public_grafana = "https://${local.hosts.grafana}" })
}

output "secret_names" {
  description = "Secrets that must exist before the stack, with their keys."
  value = merge(
    { (var.stack.grafana.admin_secret) = ["admin-user", "admin-password"] },
    local.on.weir ? { (var.stack.weir.token.name) = [var.stack.weir.token.key] } : {},
    local.on.weir ? { for name in var.stack.weir.pull_secrets : name => [".dockerconfigjson"] } : {},
    { for from in var.stack.oidc.client_secret[*] : from.name => [from.key] },
    local.on.loki ? { (var.stack.object_store.secret) = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] } : {},
    local.on.influxdb ? { (var.stack.influxdb.secret) = ["admin-password", "admin-token"] } : {},
    !local.on.keycloak ? {} : {
      (var.stack.keycloak.admin_secret)  = ["username", "password"]
      (var.stack.keycloak.github_secret) = ["client-id", "client-secret"]
    },
  )
}

output "role_attribute_path" {
  description = "JMESPath from a token to a role of Grafana."
  value       = local.role_attribute_path
}

output "memory" {
  description = "Memory requests in MiB by component, their sum, and the capacity of the nodes."
  value       = { requests = local.requests, sum = local.request_sum, capacity = local.capacity }
}
