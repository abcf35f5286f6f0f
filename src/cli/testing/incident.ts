import { incident, type Incident } from '../../api/testing/incidents.ts'
import { startStored } from '../../api/testing/stored.ts'
import { toEventBatch } from '../../model/events.ts'

/** A server with a seeded incident, and the flags of its time range. */
export async function startIncident(
  seed: number,
): Promise<Incident & Readonly<{ url: string; range: readonly string[]; kind: string; object: string }>> {
  const api = await startStored()
  const now = Date.now()
  const of = incident(seed, now)
  await api.addBatch(toEventBatch(of.events), now)
  await api.addBatch(of.flows, now)
  const [kind = '', ...name] = of.culprit.split('/')
  const range = ['--from', new Date(of.from).toISOString(), '--to', new Date(of.to).toISOString()]
  return { ...of, url: api.url, range, kind, object: name.join('/') }
}
