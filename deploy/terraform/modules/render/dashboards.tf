locals {
  weir_files = "${path.module}/../../../grafana"
  dashboard_folders = merge(
    local.on.weir ? { Weir = "${local.weir_files}/dashboards" } : {},
    var.stack.dashboards,
  )
  # file(), not templatefile(): dashboards contain `${…}`.
  dashboard_sources = merge([for folder, path in local.dashboard_folders : {
    for name in fileset(path, "*.json") : "${folder}/${name}" => file("${path}/${name}")
  }]...)
  dashboard_inputs = { for key, text in local.dashboard_sources : key => [
    for input in try(jsondecode(text)["__inputs"], []) : input.name
  ] }
  unresolved_inputs = flatten([for key, inputs in local.dashboard_inputs : [
    for input in inputs : "${key}: ${input}" if !contains(keys(var.stack.dashboard_inputs), input)
  ]])
  # Provisioning does not resolve `${INPUT}`. Each part after a `${` is either an input and the rest, or restored.
  dashboards = { for key, text in local.dashboard_sources : key => join("", [
    for at, part in split("$${", text) : at == 0 ? part : (
      contains(local.dashboard_inputs[key], split("}", part)[0])
      ? join("", [
        lookup(var.stack.dashboard_inputs, split("}", part)[0], ""), substr(part, length(split("}", part)[0]) + 1, -1),
      ])
      : "$${${part}"
    )
  ]) }

  # One ConfigMap per dashboard: its name depends only on its own file, and each is far below the limit of 1 MiB.
  dashboard_bytes = { for key, text in local.dashboards : key => floor(length(base64encode(text)) * 3 / 4) }
  largest_bytes   = 1000 * 1000
  dashboard_names = { for key, text in local.dashboards : key => join("-", [
    "dashboard",
    trim(substr(replace(lower(trimsuffix(basename(key), ".json")), "/[^a-z0-9]+/", "-"), 0, 40), "-"),
    substr(sha256(key), 0, 8),
  ]) }
  dashboard_config_maps = { for key, text in local.dashboards : local.dashboard_names[key] => {
    labels      = { grafana_dashboard = "1" }
    annotations = { grafana_folder = dirname(key) }
    data        = { (basename(key)) = text }
  } }
}
