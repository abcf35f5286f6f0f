locals {
  # The Service of type LoadBalancer is the stack's only public address.
  traefik_values = {
    fullnameOverride = "traefik"
    image            = { tag = local.images.traefik.tag }
    ingressClass     = { enabled = true, name = var.stack.ingress.class, isDefaultClass = false }
    resources        = local.resources_of.traefik
    ports = { web = { http = { redirections = { entryPoint = {
      to = "websecure", scheme = "https", permanent = true,
    } } } } }
  }

  weir_values = {
    fullnameOverride = "weir"
    image = {
      repository = coalesce(var.stack.weir.image, local.images.weir.repository)
      tag        = local.images.weir.tag
    }
    imagePullSecrets = [for name in var.stack.weir.pull_secrets : { name = name }]
    config           = var.stack.weir.config
    secrets          = { env = var.stack.weir.secrets, files = var.stack.weir.secret_files }
    all = {
      persistence = { size = local.sizes.weir, storageClass = local.storage_class == null ? "" : local.storage_class }
      resources   = local.resources_of.weir
    }
    ingress = {
      enabled     = true
      className   = var.stack.ingress.class
      annotations = local.tls_annotations
      hosts       = [{ host = local.hosts.weir, path = "/" }]
      tls         = local.tls.weir
    }
  }
}
