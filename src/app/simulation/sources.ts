/** The sources of a simulation: their rows, rates, and what happens to rows that Weir does not accept. */
import type { Family } from '../../model/batches.ts'
import { builtInTypes, typesThatEmit } from '../../components/manifests.ts'
import { httpSource } from '../../engine/sources/pushed.ts'
import { isRecord } from '../../model/json.ts'
import type { WeirConfig } from '../config.ts'
import type { Loaded } from '../load-config.ts'

/** `datagram`: lost unless taken at once. `push`: the client sends it again. `poll`: the system keeps it. */
export type Mode = 'datagram' | 'push' | 'poll'

export type PlannedSource = Readonly<{
  id: string
  type: string
  mode: Mode
  kind: 'flows' | 'events'
  family: Family
  /** Rows per second. */
  rate: number
  /** Bytes of an average event. */
  size: number
}>

const datagrams: ReadonlySet<string> = new Set(['netflow', 'sflow', 'ipfix', 'syslog'])
const assumed = { flows: 1000, events: 50 } as const
const assumedSize = 400

export function planSources(
  { config, document }: Pick<Loaded, 'config' | 'document'>,
  rates: ReadonlyMap<string, number>,
  sizes: ReadonlyMap<string, number>,
): readonly PlannedSource[] {
  const named = namesIn(config)
  const written = isRecord(document.value) && isRecord(document.value['sources']) ? document.value['sources'] : {}
  const entries = [...Object.values(config.sources), { id: httpSource, type: 'http', settings: { listen: '' } }]
  const isWanted = ({ id, type }: { id: string; type: string }) => {
    if (rates.has(id)) return (rates.get(id) ?? 0) > 0
    if (id !== httpSource && !builtInTypes.has(type)) return true
    const settings = written[id]
    return named.has(id) || (isRecord(settings) && Object.keys(settings).length > 0)
  }
  const wanted = entries.filter(isWanted)
  const chosen = wanted.length > 0 ? wanted : entries.filter(({ id }) => id === 'netflow' || id === httpSource)
  return chosen.map((entry) => planned(entry, rates, sizes))
}

function planned(
  { id, type, settings }: Readonly<{ id: string; type: string; settings: unknown }>,
  rates: ReadonlyMap<string, number>,
  sizes: ReadonlyMap<string, number>,
): PlannedSource {
  const kind = typesThatEmit('flows').has(type) ? 'flows' : 'events'
  const listens = isRecord(settings) && 'listen' in settings
  return {
    id,
    type,
    kind,
    mode: datagrams.has(type) ? 'datagram' : listens ? 'push' : 'poll',
    family: typesThatEmit('audit').has(type) ? 'audit' : typesThatEmit('resources').has(type) ? 'change' : 'event',
    rate: rates.get(id) ?? assumed[kind],
    size: sizes.get(id) ?? assumedSize,
  }
}

/** Sources that a sink, a transform or the store names. */
function namesIn({ sinks, transforms, store }: WeirConfig): ReadonlySet<string> {
  const common = [...Object.values(sinks), ...Object.values(transforms)].flatMap((entry) => entry.common.from ?? [])
  return new Set([...common, ...(store.from ?? [])])
}
