variable "stack" {
  description = "The whole stack. Secrets are references to Kubernetes Secrets in `namespace`, never values."
  type = object({
    namespace = optional(string, "observability")
    domain    = string
    # Tenant of Loki. Alloy writes it and the datasource reads it.
    tenant = optional(string, "main")

    ingress = object({
      class = optional(string, "traefik")
      # An existing Secret of type kubernetes.io/tls, or a ClusterIssuer of cert-manager.
      tls_secret = optional(string)
      tls_issuer = optional(string)
    })

    components = optional(object({
      traefik       = optional(bool, true)
      keycloak      = optional(bool, false)
      prometheus    = optional(bool, true)
      pushgateway   = optional(bool, false)
      node_exporter = optional(bool, true)
      loki          = optional(bool, false)
      alloy         = optional(bool, false)
      elasticsearch = optional(bool, false)
      influxdb      = optional(bool, false)
      weir          = optional(bool, true)
    }), {})

    # Login to Grafana. `realm_url`: https://HOST/realms/REALM; null is the Keycloak of this stack.
    oidc = object({
      realm_url     = optional(string)
      client_id     = optional(string, "grafana")
      client_secret = optional(object({ name = string, key = string }))
      # With Vault the agent injector writes the client secret into the pod of Grafana.
      vault = optional(object({ role = string, path = string, key = optional(string, "client_secret") }))
      # Path of the list of roles within the tokens.
      role_claim  = optional(string, "realm_access.roles")
      admin_role  = optional(string, "admin")
      editor_role = optional(string, "editor")
      # No viewer role: a user without one of the other roles is rejected.
      viewer_role = optional(string)
      skip_tls    = optional(bool, false)
    })

    keycloak = optional(object({
      realm        = optional(string, "weir")
      admin_secret = string
      # Keys: client-id, client-secret of the OAuth application at GitHub.
      github_secret = string
      # Users by their numeric id at GitHub. Any other user has no role.
      users = optional(list(object({ github_id = string, login = string, roles = list(string) })), [])
      # Without a database Keycloak is disposable: it imports the realm at each start.
      database = optional(object({
        vendor = optional(string, "postgres"), host = string, name = optional(string, "keycloak"),
        user   = optional(string, "keycloak"), secret = string, key = optional(string, "password"),
      }))
    }))

    grafana = object({
      # Keys: admin-user, admin-password.
      admin_secret = string
      # Further entries of the datasource file. Passwords are `$VARIABLE`s of `env`.
      datasources = optional(any, [])
      env         = optional(map(object({ name = string, key = string })), {})
      plugins     = optional(list(string), [])
    })

    weir = optional(object({
      # Configuration of Weir as in weir.yaml.
      config = optional(any, {})
      # Repository of the image, which deploy/image builds. Null: that of the lock file.
      image = optional(string)
      # Secrets of type kubernetes.io/dockerconfigjson with a login to the registry of the image.
      pull_secrets = optional(list(string), [])
      # Variables of Weir's environment, for `env:NAME` in the configuration.
      secrets = optional(map(object({ secret = string, key = string })), {})
      # Folders of Secrets: NAME is /etc/weir-secrets/NAME.
      secret_files = optional(map(object({ secret = string })), {})
      # Token of a viewer, for the datasources.
      token = optional(object({ name = string, key = string }))
    }), {})

    # Store of Loki. Keys of the Secret: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
    object_store = optional(object({
      endpoint = string, region = string, bucket = string, secret = string, force_path_style = optional(bool, false),
    }))

    elasticsearch = optional(object({
      # One datasource for each: its name → pattern of indices.
      indices    = optional(map(string), { Documents = "weir-*" })
      time_field = optional(string, "@timestamp")
      replicas   = optional(number, 1)
    }), {})

    influxdb = optional(object({
      organization = optional(string, "weir")
      bucket       = optional(string, "default")
      # Keys: admin-password, admin-token.
      secret = string
    }))

    # Configuration of Alertmanager. Secrets are files of `secret` below /etc/secrets/alertmanager: `url_file: …`.
    alertmanager = optional(object({ config = any, secret = optional(string) }))

    storage = optional(object({
      class = optional(string)
      # Sizes by component.
      sizes = optional(map(string), {})
    }), {})

    # Memory requests in MiB by component; the defaults are in memory.tf.
    memory = optional(map(number), {})

    # Folders of dashboards: name in Grafana → path.
    dashboards = optional(map(string), {})
    # Inputs of exported dashboards (`__inputs`) → uid of the datasource.
    dashboard_inputs = optional(map(string), {})
    # Files of alert rules for Grafana: name → path.
    alerts = optional(map(string), {})
    # Files of rules for Prometheus: name → path.
    rules = optional(map(string), {})

    # Nodes for the stack, as modules/cluster-* report them; null skips the comparison with the requests.
    node_pools = optional(list(object({ memory_mib = number, min_nodes = number, max_nodes = number })))
    # Memory of a node that the system and the kubelet reserve.
    reserved_mib = optional(number, 1024)
  })

  validation {
    condition     = (var.stack.ingress.tls_secret == null) != (var.stack.ingress.tls_issuer == null)
    error_message = "stack.ingress needs either tls_secret or tls_issuer."
  }
  validation {
    condition     = (var.stack.oidc.client_secret == null) != (var.stack.oidc.vault == null)
    error_message = "stack.oidc needs either client_secret or vault."
  }
  validation {
    condition     = var.stack.components.keycloak || var.stack.oidc.realm_url != null
    error_message = "stack.oidc.realm_url is required without components.keycloak."
  }
  validation {
    condition     = !var.stack.components.keycloak || var.stack.keycloak != null
    error_message = "components.keycloak requires stack.keycloak."
  }
  validation {
    condition     = !var.stack.components.keycloak || var.stack.oidc.client_secret != null
    error_message = "components.keycloak requires stack.oidc.client_secret: Keycloak imports its client with it."
  }
  validation {
    condition     = !var.stack.components.loki || var.stack.object_store != null
    error_message = "components.loki requires stack.object_store."
  }
  validation {
    condition     = !var.stack.components.alloy || var.stack.components.loki
    error_message = "components.alloy requires components.loki."
  }
  validation {
    condition     = !var.stack.components.influxdb || var.stack.influxdb != null
    error_message = "components.influxdb requires stack.influxdb."
  }
  validation {
    condition     = !var.stack.components.weir || var.stack.weir.token != null
    error_message = "components.weir requires stack.weir.token, the token of a viewer for Grafana."
  }
  # A literal secret would be readable in the state, and in a ConfigMap.
  validation {
    condition = alltrue([for found in regexall(
      join("", [
        "\"[a-z0-9_]*(?:password|token|secret|credentials|(?:secret|api|routing|service)_key|(?:api|webhook)_url)\":",
        "\"([^\"]+)\"",
      ]),
      lower(jsonencode([
        var.stack.weir.config, var.stack.grafana.datasources, try(var.stack.alertmanager.config, null),
      ])),
    ) : can(regex("^(env:|file:|[$])", found[0]))])
    error_message = join(" ", [
      "stack.weir.config, stack.grafana.datasources and stack.alertmanager.config hold references to secrets only:",
      "env:NAME or file:PATH for Weir, $NAME for Grafana, and …_file for Alertmanager.",
    ])
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+$", var.stack.tenant))
    error_message = "stack.tenant has letters, digits, '.', '_' and '-' only."
  }
}

variable "charts" {
  description = "Path of the lock file with chart and image versions. Null: charts.lock.json of this repository."
  type        = string
  default     = null
}
