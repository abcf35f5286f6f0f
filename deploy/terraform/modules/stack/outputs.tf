output "grafana_url" {
  description = "Public address of Grafana."
  value       = module.render.urls.public_grafana
}

output "urls" {
  description = "In-cluster addresses by component."
  value       = module.render.urls
}

output "secret_names" {
  description = "Secrets that must exist, with their keys. Never values."
  value       = module.render.secret_names
}

output "memory" {
  description = "Memory requests in MiB by component, their sum, and the capacity of the nodes."
  value       = module.render.memory
}
