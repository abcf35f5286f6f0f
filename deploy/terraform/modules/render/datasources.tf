locals {
  # By component. Dashboards and alert rules refer to the uids.
  component_datasources = {
    prometheus = [
      {
        name      = "Metrics", uid = "stack-prom", type = "prometheus", access = "proxy", url = local.urls.prometheus
        isDefault = true
        jsonData  = { httpMethod = "POST", prometheusType = "Prometheus", timeInterval = "30s" }
      },
      {
        name     = "Alertmanager", uid = "stack-alertmanager", type = "alertmanager", access = "proxy"
        url      = local.urls.alertmanager
        jsonData = { implementation = "prometheus", handleGrafanaManagedAlerts = false }
      },
    ]
    loki = [{
      name           = "Logs", uid = "stack-loki", type = "loki", access = "proxy", url = local.urls.loki
      jsonData       = { httpHeaderName1 = "X-Scope-OrgID", maxLines = 1000 }
      secureJsonData = { httpHeaderValue1 = var.stack.tenant }
    }]
    elasticsearch = [for name, index in var.stack.elasticsearch.indices : {
      name           = name, uid = local.index_uids[name], type = "elasticsearch", access = "proxy"
      url            = local.urls.elasticsearch
      basicAuth      = true
      basicAuthUser  = "elastic"
      secureJsonData = { basicAuthPassword = "$ES_PASSWORD", tlsCACert = "$ES_CA" }
      jsonData = {
        index             = index
        timeField         = var.stack.elasticsearch.time_field
        tlsAuthWithCACert = true
      }
    }]
    influxdb = [{
      name = "History", uid = "stack-influx", type = "influxdb", access = "proxy", url = local.urls.influxdb
      jsonData = {
        version       = "Flux"
        organization  = try(var.stack.influxdb.organization, null)
        defaultBucket = try(var.stack.influxdb.bucket, null)
      }
      secureJsonData = { token = "$INFLUX_TOKEN" }
    }]
  }
  # The default keeps its uid when others are added.
  index_uids = { for name in keys(var.stack.elasticsearch.indices) : name => (name == "Documents"
    ? "stack-es"
    : "stack-es-${trim(replace(lower(name), "/[^a-z0-9]+/", "-"), "-")}"
  ) }
  stack_datasources = flatten([for name, entries in local.component_datasources : entries if local.on[name]])

  # `$NAME` is expanded by Grafana, so that no secret is in this file. It is a Secret all the same: secureJsonData.
  datasource_files = merge(
    { "stack.yaml" = yamlencode({
      apiVersion  = 1
      prune       = true
      datasources = concat(local.stack_datasources, var.stack.grafana.datasources)
    }) },
    local.on.weir ? { "weir.yaml" = file("${path.module}/../../../grafana/datasources.yaml") } : {},
  )
}
