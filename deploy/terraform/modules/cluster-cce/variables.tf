variable "name" {
  description = "Name of the cluster, its network and its pools."
  type        = string
}

variable "region" {
  description = "Region, for example eu-de."
  type        = string
  default     = "eu-de"
}

variable "availability_zone" {
  description = "Zone of the nodes and their disks. A volume cannot follow its pod into another zone."
  type        = string
  default     = "eu-de-01"
}

variable "kubernetes_version" {
  description = "Version of CCE, for example v1.27."
  type        = string
  validation {
    condition     = can(regex("^v[0-9]+\\.[0-9]+", var.kubernetes_version))
    error_message = "kubernetes_version is a version of CCE such as v1.27."
  }
}

variable "flavor" {
  description = "Flavor of the control plane. `cce.s2.…` has several replicas."
  type        = string
  default     = "cce.s1.small"
}

variable "network" {
  description = "Address range of VPC and subnet, and the gateway in it."
  type        = object({ cidr = string, gateway = string })
  default     = { cidr = "192.168.0.0/16", gateway = "192.168.0.1" }
}

variable "public_address" {
  description = "Existing elastic IP of the API server. Null: reachable within the VPC only."
  type        = string
  default     = null
}

variable "key_pair" {
  description = "Name of the SSH key pair of the nodes."
  type        = string
}

variable "os" {
  description = "Operating system of the nodes."
  type        = string
  default     = "HCE OS 2.0"
}

variable "fixed" {
  description = "Pool that is always there."
  type        = object({ flavor = string, memory_mib = number, nodes = number, labels = optional(map(string), {}) })
  default     = { flavor = "s3.large.4", memory_mib = 8192, nodes = 1 }
}

variable "burst" {
  description = "Pool that scales with the add-on `autoscaler`."
  type = object({
    flavor = string, memory_mib = number, min = optional(number, 1), max = optional(number, 3),
    labels = optional(map(string), {}),
  })
  default = { flavor = "s3.large.4", memory_mib = 8192 }
  validation {
    condition     = var.burst.min >= 1 && var.burst.max >= var.burst.min
    error_message = "burst.min is at least 1 and burst.max at least burst.min."
  }
}

variable "disks" {
  description = "GiB of the system disk and the data disk of each node."
  type        = object({ root = number, data = number })
  default     = { root = 40, data = 100 }
}
