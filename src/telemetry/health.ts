export interface Health {
  readonly live: boolean
  readonly ready: boolean
  readonly accepting: boolean
  readonly draining: boolean
  readonly reasons: readonly string[]
  readonly warnings: readonly string[]
}
