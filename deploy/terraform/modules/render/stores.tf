locals {
  loki_values = !local.on.loki ? null : {
    fullnameOverride = "loki"
    deploymentMode   = "Monolithic"
    loki = {
      image        = { tag = local.images.loki.tag }
      auth_enabled = true
      commonConfig = { replication_factor = 1 }
      storage = {
        type        = "s3"
        bucketNames = { for use in ["chunks", "ruler", "admin"] : use => var.stack.object_store.bucket }
        # The keys are variables of the pod's environment, which the S3 client reads itself.
        s3 = {
          endpoint         = var.stack.object_store.endpoint
          region           = var.stack.object_store.region
          s3ForcePathStyle = var.stack.object_store.force_path_style
        }
      }
      schemaConfig = { configs = [{
        from         = "2024-04-01"
        store        = "tsdb"
        object_store = "s3"
        schema       = "v13"
        index        = { prefix = "loki_index_", period = "24h" }
      }] }
    }
    singleBinary = {
      replicas     = 1
      extraEnvFrom = [{ secretRef = { name = var.stack.object_store.secret } }]
      persistence  = { size = local.sizes.loki, storageClass = local.storage_class }
      resources    = local.resources_of.loki
    }
    gateway = { replicas = 1, resources = local.resources_of.loki_gateway }
    read    = { replicas = 0 }
    write   = { replicas = 0 }
    backend = { replicas = 0 }
    # Each cache would request 1.2 times its memory, together more than the rest of the stack.
    chunksCache  = { enabled = false }
    resultsCache = { enabled = false }
    lokiCanary   = { enabled = false }
    sidecar      = { rules = { enabled = false } }
    test         = { enabled = false }
  }

  alloy_values = !local.on.alloy ? null : {
    fullnameOverride = "alloy"
    image            = { tag = local.images.alloy.tag }
    crds             = { create = false }
    configReloader   = { resources = local.resources_of.alloy_reloader }
    alloy = {
      enableReporting = false
      resources       = local.resources_of.alloy
      configMap = { content = join("\n", [
        file("${path.module}/alloy.river"),
        "loki.write \"stack\" {",
        "  endpoint {",
        "    url       = ${jsonencode("${local.urls.loki}/loki/api/v1/push")}",
        "    tenant_id = ${jsonencode(var.stack.tenant)}",
        "  }",
        "}",
        "",
      ]) }
    }
  }

  eck_values = {
    image     = { tag = local.images["eck-operator"].tag }
    resources = local.resources_of.eck_operator
  }
  elasticsearch_values = {
    fullnameOverride = "elasticsearch"
    version          = local.images.elasticsearch.tag
    nodeSets = [{
      name   = "default"
      count  = var.stack.elasticsearch.replicas
      config = { "node.store.allow_mmap" = false }
      podTemplate = { spec = { containers = [{
        name = "elasticsearch"
        # The heap is half of the limit.
        resources = {
          requests = { memory = "${local.memory.elasticsearch}Mi" }
          limits   = { memory = "${local.memory.elasticsearch}Mi" }
        }
      }] } }
      volumeClaimTemplates = [{
        metadata = { name = "elasticsearch-data" }
        spec = merge({
          accessModes = ["ReadWriteOnce"]
          resources   = { requests = { storage = local.sizes.elasticsearch } }
        }, local.storage_class == null ? {} : { storageClassName = local.storage_class })
      }]
    }]
  }

  influxdb_values = !local.on.influxdb ? null : {
    fullnameOverride = "influxdb"
    image            = { repository = local.images.influxdb.repository, tag = local.images.influxdb.tag }
    adminUser = {
      organization   = var.stack.influxdb.organization
      bucket         = var.stack.influxdb.bucket
      existingSecret = var.stack.influxdb.secret
    }
    persistence = { size = local.sizes.influxdb, storageClass = local.storage_class }
    resources   = local.resources_of.influxdb
  }
}
