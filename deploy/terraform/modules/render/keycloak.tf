locals {
  keycloak_realm = !local.on.keycloak ? null : {
    realm       = var.stack.keycloak.realm
    enabled     = true
    sslRequired = "external"
    roles = { realm = [for name in compact([
      var.stack.oidc.admin_role, var.stack.oidc.editor_role, var.stack.oidc.viewer_role,
    ]) : { name = name }] }
    identityProviders = [{
      alias      = "github"
      providerId = "github"
      enabled    = true
      trustEmail = true
      config = {
        clientId     = "$${GITHUB_CLIENT_ID}"
        clientSecret = "$${GITHUB_CLIENT_SECRET}"
        defaultScope = "user:email"
        syncMode     = "FORCE"
      }
    }]
    clients = [{
      clientId                  = var.stack.oidc.client_id
      enabled                   = true
      publicClient              = false
      standardFlowEnabled       = true
      directAccessGrantsEnabled = false
      secret                    = "$${GRAFANA_CLIENT_SECRET}"
      redirectUris              = ["https://${local.hosts.grafana}/login/generic_oauth"]
      webOrigins                = ["https://${local.hosts.grafana}"]
      attributes = {
        "pkce.code.challenge.method" = "S256"
        "post.logout.redirect.uris"  = "https://${local.hosts.grafana}/*"
      }
      # Keycloak puts realm roles into access tokens only; Grafana reads the ID token and the userinfo.
      protocolMappers = [{
        name           = "realm roles"
        protocol       = "openid-connect"
        protocolMapper = "oidc-usermodel-realm-role-mapper"
        config = {
          "multivalued"          = "true"
          "claim.name"           = var.stack.oidc.role_claim
          "jsonType.label"       = "String"
          "id.token.claim"       = "true"
          "access.token.claim"   = "true"
          "userinfo.token.claim" = "true"
        }
      }]
    }]
    users = [for user in var.stack.keycloak.users : {
      username   = lower(user.login)
      enabled    = true
      realmRoles = user.roles
      federatedIdentities = [{
        identityProvider = "github"
        userId           = user.github_id
        userName         = user.login
      }]
    }]
  }

  keycloak_secret_env = !local.on.keycloak ? {} : {
    GITHUB_CLIENT_ID            = { name = var.stack.keycloak.github_secret, key = "client-id" }
    GITHUB_CLIENT_SECRET        = { name = var.stack.keycloak.github_secret, key = "client-secret" }
    GRAFANA_CLIENT_SECRET       = var.stack.oidc.client_secret
    KC_BOOTSTRAP_ADMIN_USERNAME = { name = var.stack.keycloak.admin_secret, key = "username" }
    KC_BOOTSTRAP_ADMIN_PASSWORD = { name = var.stack.keycloak.admin_secret, key = "password" }
  }
  keycloak_database = try(var.stack.keycloak.database, null)

  keycloak_values = !local.on.keycloak ? null : {
    fullnameOverride = "keycloak"
    image            = { repository = local.images.keycloak.repository, tag = local.images.keycloak.tag }
    args             = ["start", "--import-realm", "--hostname=https://${local.hosts.keycloak}"]
    http             = { relativePath = "/" }
    proxy            = { enabled = true, mode = "xforwarded" }
    cache            = { stack = local.keycloak_database == null ? "custom" : "default" }
    database = local.keycloak_database == null ? { vendor = "dev-file" } : {
      vendor            = local.keycloak_database.vendor
      hostname          = local.keycloak_database.host
      database          = local.keycloak_database.name
      username          = local.keycloak_database.user
      existingSecret    = local.keycloak_database.secret
      existingSecretKey = local.keycloak_database.key
    }
    extraEnv = yamlencode(concat(
      local.keycloak_database == null ? [{ name = "KC_CACHE", value = "local" }] : [],
      [for name, from in local.keycloak_secret_env : {
        name      = name
        valueFrom = { secretKeyRef = { name = from.name, key = from.key } }
      }],
    ))
    extraVolumes      = yamlencode([{ name = "realm", configMap = { name = "keycloak-realm" } }])
    extraVolumeMounts = yamlencode([{ name = "realm", mountPath = "/opt/keycloak/data/import", readOnly = true }])
    resources         = local.resources_of.keycloak
    ingress = {
      enabled          = true
      ingressClassName = var.stack.ingress.class
      servicePort      = "http"
      annotations      = local.tls_annotations
      rules            = [{ host = local.hosts.keycloak, paths = [{ path = "/", pathType = "Prefix" }] }]
      tls              = local.tls.keycloak
    }
  }
}
