variable "name" {
  description = "Name of the cluster, its network and its pools."
  type        = string
}

variable "region" {
  description = "Slug of the region, for example lon1."
  type        = string
}

variable "kubernetes_version" {
  description = "Slug of the version: `doctl kubernetes options versions` lists them."
  type        = string
  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+-do\\.[0-9]+$", var.kubernetes_version))
    error_message = "kubernetes_version is an exact slug such as 1.36.1-do.0."
  }
}

variable "network" {
  description = "Address range of the VPC."
  type        = string
  default     = "10.110.0.0/20"
}

variable "fixed" {
  description = "Pool that is always there."
  type = object({
    size = string, nodes = number, labels = optional(map(string), {}),
    # MiB; null reads it from the slug (`s-2vcpu-4gb`).
    memory_mib = optional(number),
  })
  default = { size = "s-2vcpu-4gb", nodes = 1 }
}

variable "burst" {
  description = "Pool that scales. The minimum is 1: the provider documents no pool of zero nodes."
  type = object({
    size       = string, min = optional(number, 1), max = optional(number, 3), labels = optional(map(string), {}),
    taints     = optional(list(object({ key = string, value = string, effect = string })), []),
    memory_mib = optional(number),
  })
  default = { size = "s-2vcpu-4gb" }
  validation {
    condition     = var.burst.min >= 1 && var.burst.max >= var.burst.min
    error_message = "burst.min is at least 1 and burst.max at least burst.min."
  }
}

variable "ha" {
  description = "Control plane with several replicas. It cannot be disabled later."
  type        = bool
  default     = false
}

variable "maintenance" {
  description = "Window of automatic patch upgrades. Null: none; the provider ignores a window without upgrades."
  type        = object({ day = string, start_time = string })
  default     = null
}

variable "registry" {
  description = "Container registry of the account, for the image of Weir. Null: none is integrated."
  type = object({
    name = string
    # False: it exists already.
    create = optional(bool, true), tier = optional(string, "basic"), region = optional(string),
  })
  default = null
}

variable "tags" {
  description = "Tags of the cluster and its nodes."
  type        = list(string)
  default     = []
}
