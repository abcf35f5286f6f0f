locals {
  prometheus_values = {
    server = {
      fullnameOverride = "prometheus-server"
      image            = { tag = local.images.prometheus.tag }
      persistentVolume = { size = local.sizes.prometheus, storageClass = local.storage_class }
      resources        = local.resources_of.prometheus
    }
    serverFiles = {
      "alerting_rules.yml" = { groups = flatten([for text in values(local.rule_files) : yamldecode(text).groups]) }
    }
    alertmanager = merge(
      {
        enabled          = true
        fullnameOverride = "prometheus-alertmanager"
        persistence = merge(
          { size = local.sizes.alertmanager },
          local.storage_class == null ? {} : { storageClass = local.storage_class },
        )
        resources = local.resources_of.alertmanager
      },
      try(var.stack.alertmanager.config, null) == null ? {} : { config = var.stack.alertmanager.config },
      try(var.stack.alertmanager.secret, null) == null ? {} : { extraSecretMounts = [{
        name       = "alertmanager"
        secretName = var.stack.alertmanager.secret
        mountPath  = "/etc/secrets/alertmanager"
        readOnly   = true
      }] },
    )
    "kube-state-metrics" = { enabled = true, resources = local.resources_of.kube_state_metrics }
    "prometheus-node-exporter" = {
      enabled   = local.on.node_exporter
      resources = local.resources_of.node_exporter
    }
    "prometheus-pushgateway" = { enabled = local.on.pushgateway, resources = local.resources_of.pushgateway }
  }
}
