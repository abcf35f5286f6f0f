# Everything that the stack installs, as values. This module has no provider and no resource: it is tested without a
# cluster, and modules/stack applies its outputs.
locals {
  on     = var.stack.components
  lock   = jsondecode(file(coalesce(var.charts, "${path.module}/../../charts.lock.json")))
  images = { for name, chart in local.lock : name => chart.image }

  hosts = {
    grafana  = "grafana.${var.stack.domain}"
    keycloak = "login.${var.stack.domain}"
    weir     = "weir.${var.stack.domain}"
  }
  # In-cluster addresses. The names are fixed by fullnameOverride, so that datasources do not depend on release names.
  service_host = { for name in ["prometheus-server", "prometheus-alertmanager", "loki-gateway", "elasticsearch-es-http",
    "influxdb", "keycloak-http", "weir", "grafana"] : name => "${name}.${var.stack.namespace}.svc"
  }
  urls = {
    alertmanager  = "http://${local.service_host["prometheus-alertmanager"]}:9093"
    elasticsearch = "https://${local.service_host["elasticsearch-es-http"]}:9200"
    grafana       = "http://${local.service_host["grafana"]}:80"
    influxdb      = "http://${local.service_host["influxdb"]}:80"
    keycloak      = "http://${local.service_host["keycloak-http"]}:80"
    loki          = "http://${local.service_host["loki-gateway"]}:80"
    prometheus    = "http://${local.service_host["prometheus-server"]}:80"
    weir          = "http://${local.service_host["weir"]}:8080"
  }

  tls_annotations = var.stack.ingress.tls_issuer == null ? {} : {
    "cert-manager.io/cluster-issuer" = var.stack.ingress.tls_issuer
  }
  tls = { for name, host in local.hosts : name => [{
    secretName = coalesce(var.stack.ingress.tls_secret, "${name}-tls")
    hosts      = [host]
  }] }

  sizes = merge({
    alertmanager = "2Gi", elasticsearch = "20Gi", influxdb = "12Gi", loki = "10Gi", prometheus = "20Gi", weir = "20Gi",
  }, var.stack.storage.sizes)
  storage_class = var.stack.storage.class

  enabled = {
    alloy          = local.on.alloy
    "eck-operator" = local.on.elasticsearch
    elasticsearch  = local.on.elasticsearch
    grafana        = true
    influxdb       = local.on.influxdb
    keycloak       = local.on.keycloak
    loki           = local.on.loki
    prometheus     = local.on.prometheus
    traefik        = local.on.traefik
    weir           = local.on.weir
  }
  values = {
    alloy          = local.alloy_values
    "eck-operator" = local.eck_values
    elasticsearch  = local.elasticsearch_values
    grafana        = local.grafana_values
    influxdb       = local.influxdb_values
    keycloak       = local.keycloak_values
    loki           = local.loki_values
    prometheus     = local.prometheus_values
    traefik        = local.traefik_values
    weir           = local.weir_values
  }
  # Waves: operators and ingress first, then stores, then the programs that read them.
  waves = { "eck-operator" = 1, traefik = 1, alloy = 3, grafana = 3 }
}
