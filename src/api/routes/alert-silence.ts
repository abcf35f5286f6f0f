import type { Silence } from '../../alerts/index.ts'
import type { AlertSilence } from '../../topics/alerts/schema.ts'

export function silenceView({ from, until, ...silence }: Silence): AlertSilence {
  return { ...silence, from: new Date(from).toISOString(), until: new Date(until).toISOString() }
}
