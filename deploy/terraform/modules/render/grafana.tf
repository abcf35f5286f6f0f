locals {
  realm_url = trimsuffix(coalesce(
    var.stack.oidc.realm_url,
    "https://${local.hosts.keycloak}/realms/${try(var.stack.keycloak.realm, "weir")}",
  ), "/")
  secret_mounts = {
    oidc = "/etc/secrets/oidc"
  }
  oidc_secret_file = (var.stack.oidc.vault == null
    ? "${local.secret_mounts.oidc}/${var.stack.oidc.client_secret.key}"
    : "/vault/secrets/oidc"
  )

  # JMESPath over the ID token, then the userinfo. Without a listed role the result is false, and strict mode rejects
  # the user. The empty list makes a missing claim a result instead of an error.
  roles = "(${var.stack.oidc.role_claim} || `[]`)"
  role_attribute_path = join(" || ", [for role in [
    { keycloak = var.stack.oidc.admin_role, grafana = "Admin" },
    { keycloak = var.stack.oidc.editor_role, grafana = "Editor" },
    { keycloak = var.stack.oidc.viewer_role, grafana = "Viewer" },
  ] : "contains(${local.roles}, '${role.keycloak}') && '${role.grafana}'" if role.keycloak != null])

  grafana_ini = {
    analytics = { check_for_updates = false, reporting_enabled = false }
    auth      = { disable_login_form = true }
    "auth.generic_oauth" = {
      enabled                    = true
      name                       = "Keycloak"
      allow_sign_up              = true
      auto_login                 = true
      client_id                  = var.stack.oidc.client_id
      client_secret              = "$__file{${local.oidc_secret_file}}"
      scopes                     = "openid profile email roles"
      auth_url                   = "${local.realm_url}/protocol/openid-connect/auth"
      token_url                  = "${local.realm_url}/protocol/openid-connect/token"
      api_url                    = "${local.realm_url}/protocol/openid-connect/userinfo"
      signout_redirect_url       = "${local.realm_url}/protocol/openid-connect/logout"
      login_attribute_path       = "preferred_username"
      email_attribute_path       = "email"
      role_attribute_path        = local.role_attribute_path
      role_attribute_strict      = true
      allow_assign_grafana_admin = false
      use_pkce                   = true
      use_refresh_token          = true
      tls_skip_verify_insecure   = var.stack.oidc.skip_tls
    }
    log    = { mode = "console" }
    server = { domain = local.hosts.grafana, root_url = "https://${local.hosts.grafana}" }
  }

  # Variables of Grafana's environment that datasources refer to.
  grafana_secret_env = merge(
    local.on.weir ? { WEIR_TOKEN = var.stack.weir.token } : {},
    local.on.elasticsearch ? {
      ES_PASSWORD = { name = "elasticsearch-es-elastic-user", key = "elastic" }
      ES_CA       = { name = "elasticsearch-es-http-certs-public", key = "ca.crt" }
    } : {},
    local.on.influxdb ? { INFLUX_TOKEN = { name = var.stack.influxdb.secret, key = "admin-token" } } : {},
    var.stack.grafana.env,
  )

  grafana_values = {
    fullnameOverride = "grafana"
    image            = { tag = local.images.grafana.tag }
    admin            = { existingSecret = var.stack.grafana.admin_secret }
    plugins          = var.stack.grafana.plugins
    # Everything comes from files: the pod has no volume.
    persistence   = { enabled = false }
    testFramework = { enabled = false }
    resources     = local.resources_of.grafana
    env           = { WEIR_URL = local.urls.weir, OPS_PROMETHEUS_URL = local.urls.prometheus }
    envValueFrom = { for name, from in local.grafana_secret_env : name => {
      secretKeyRef = { name = from.name, key = from.key }
    } }
    extraSecretMounts = var.stack.oidc.client_secret == null ? [] : [{
      name        = "oidc"
      secretName  = var.stack.oidc.client_secret.name
      mountPath   = local.secret_mounts.oidc
      defaultMode = 288
      readOnly    = true
    }]
    podAnnotations = var.stack.oidc.vault == null ? {} : {
      "vault.hashicorp.com/agent-inject"             = "true"
      "vault.hashicorp.com/role"                     = var.stack.oidc.vault.role
      "vault.hashicorp.com/agent-inject-secret-oidc" = var.stack.oidc.vault.path
      "vault.hashicorp.com/agent-inject-template-oidc" = join("", [
        "{{- with secret \"${var.stack.oidc.vault.path}\" -}}",
        "{{ .Data.data.${var.stack.oidc.vault.key} }}{{- end -}}",
      ])
    }
    ingress = {
      enabled          = true
      ingressClassName = var.stack.ingress.class
      annotations      = local.tls_annotations
      hosts            = [local.hosts.grafana]
      tls              = local.tls.grafana
    }
    sidecar = {
      # Three containers share the sidecars' memory.
      resources             = { requests = { memory = "${floor(local.memory.grafana_sidecars / 3)}Mi" } }
      enableUniqueFilenames = true
      alerts                = { enabled = true, label = "grafana_alert" }
      dashboards = {
        enabled          = true
        label            = "grafana_dashboard"
        folderAnnotation = "grafana_folder"
        provider         = { foldersFromFilesStructure = true, allowUiUpdates = false, disableDelete = false }
      }
      datasources = { enabled = true, label = "grafana_datasource" }
    }
    "grafana.ini" = local.grafana_ini
  }
}
