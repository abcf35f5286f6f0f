export type Health = Readonly<{
  live: boolean
  ready: boolean
  accepting: boolean
  draining: boolean
  reasons: readonly string[]
  warnings: readonly string[]
}>
