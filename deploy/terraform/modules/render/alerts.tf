locals {
  alert_paths = merge(local.on.weir ? { weir = "${local.weir_files}/alerts.yaml" } : {}, var.stack.alerts)
  # Provisioning expands `$NAME` before templates are read, and `{{ $labels.x }}` would become empty.
  alert_files = { for name, path in local.alert_paths : name => replace(replace(replace(
    file(path),
    "/\\$labels\\b/", ".Labels"),
    "/\\$values\\b/", ".Values"),
  "/\\$value\\b/", ".Value") }

  rule_paths = merge({ stack = "${path.module}/../../rules.yaml" },
  local.on.weir ? { weir = "${local.weir_files}/rules.yaml" } : {}, var.stack.rules)
  rule_files = { for name, path in local.rule_paths : name => file(path) }
}
