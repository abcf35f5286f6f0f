variable "stack" {
  description = "The stack as modules/render types it."
  type        = any
}

variable "charts" {
  description = "Path of the lock file with chart and image versions. Null: charts.lock.json of this repository."
  type        = string
  default     = null
}

variable "timeout" {
  description = "Seconds until a release counts as failed."
  type        = number
  default     = 900
}
