variable "name" {
  description = "Name of the cluster, its network and its pools."
  type        = string
}

variable "zone" {
  description = "Zone, for example ch-gva-2."
  type        = string
}

variable "kubernetes_version" {
  description = "Version: `exo compute sks versions` lists them."
  type        = string
  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+(\\.[0-9]+)?$", var.kubernetes_version))
    error_message = "kubernetes_version is a version such as 1.36.1."
  }
}

variable "service_level" {
  description = "`starter` has no guarantee and no cost; `pro` has both."
  type        = string
  default     = "starter"
}

variable "karpenter" {
  description = "Installs Karpenter, which adds and removes nodes. Exoscale's pools do not scale by themselves."
  type        = bool
  default     = false
}

variable "fixed" {
  description = "Pool that is always there."
  type        = object({ type = string, memory_mib = number, nodes = number, disk_gib = optional(number, 50) })
  default     = { type = "standard.medium", memory_mib = 4096, nodes = 1 }
}

variable "burst" {
  description = "Pool that an autoscaler resizes between `min` and `max`; Terraform ignores its later size."
  type = object({
    type     = string, memory_mib = number, min = optional(number, 1), max = optional(number, 3),
    disk_gib = optional(number, 50), labels = optional(map(string), {}), taints = optional(map(string), {}),
  })
  default = { type = "standard.medium", memory_mib = 4096 }
  validation {
    condition     = var.burst.min >= 1 && var.burst.max >= var.burst.min
    error_message = "burst.min is at least 1 and burst.max at least burst.min."
  }
}
