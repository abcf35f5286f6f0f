# Applies the outputs of modules/render to the cluster of the caller's providers.
module "render" {
  source = "../render"
  stack  = var.stack
  charts = var.charts
}

locals {
  releases = { for name, release in module.render.releases : name => merge(release, {
    # A chart without repository is a folder of this checkout.
    chart = release.repository == null ? "${path.module}/../../${release.chart}" : release.chart
  }) }
  waves = { for wave in [1, 2, 3] : wave => {
    for name, release in local.releases : name => release if release.wave == wave
  } }
}

resource "kubernetes_namespace_v1" "stack" {
  metadata {
    name = module.render.namespace
  }
}

resource "kubernetes_config_map_v1" "stack" {
  for_each = module.render.config_maps
  metadata {
    name        = each.key
    namespace   = kubernetes_namespace_v1.stack.metadata[0].name
    labels      = each.value.labels
    annotations = each.value.annotations
  }
  data = each.value.data
}

resource "kubernetes_secret_v1" "stack" {
  for_each = module.render.secrets
  metadata {
    name      = each.key
    namespace = kubernetes_namespace_v1.stack.metadata[0].name
    labels    = each.value.labels
  }
  data = each.value.data
}

resource "helm_release" "operators" {
  for_each    = local.waves[1]
  name        = each.key
  namespace   = kubernetes_namespace_v1.stack.metadata[0].name
  chart       = each.value.chart
  repository  = each.value.repository
  version     = each.value.version
  values      = [each.value.values]
  timeout     = var.timeout
  max_history = 5
}

resource "helm_release" "stores" {
  for_each    = local.waves[2]
  depends_on  = [helm_release.operators, kubernetes_config_map_v1.stack]
  name        = each.key
  namespace   = kubernetes_namespace_v1.stack.metadata[0].name
  chart       = each.value.chart
  repository  = each.value.repository
  version     = each.value.version
  values      = [each.value.values]
  timeout     = var.timeout
  max_history = 5
}

resource "helm_release" "readers" {
  for_each    = local.waves[3]
  depends_on  = [helm_release.stores, kubernetes_config_map_v1.stack, kubernetes_secret_v1.stack]
  name        = each.key
  namespace   = kubernetes_namespace_v1.stack.metadata[0].name
  chart       = each.value.chart
  repository  = each.value.repository
  version     = each.value.version
  values      = [each.value.values]
  timeout     = var.timeout
  max_history = 5
}
