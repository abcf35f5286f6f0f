/** The systems that sinks of a configuration deliver to, as far as a simulation knows them. */
import type { Sink } from '../../engine/contracts.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { realHost } from '../../host/index.ts'
import { readOnlyHost } from '../../host/read-only.ts'
import { messageOf } from '../../model/errors.ts'
import { transformSchemas } from '../../components/manifests.ts'
import { loadSink } from '../../components/registry.ts'
import { silent, uncounted } from '../../telemetry/silent.ts'
import { sinkEntries } from '../config-entries.ts'
import type { Loaded } from '../load-config.ts'
import { Receipts } from './outside.ts'
import type { Scale } from './scale.ts'
import type { SimulationOptions } from './settings.ts'
import type { Target } from './sink.ts'

export type OpenTargets = Readonly<{
  /** Sinks have the type of their target. */
  entries: readonly SinkEntry[]
  byType: ReadonlyMap<string, Target>
  /** Types of sinks as written, by id. */
  types: ReadonlyMap<string, string>
  notes: readonly string[]
  close(): Promise<void>
}>

export const typeOfTarget = (id: string): string => `sink ${id}`

export async function openTargets(options: SimulationOptions, scale: Scale): Promise<OpenTargets> {
  const entries = entriesOf(options.loaded)
  const byType = new Map<string, Target>()
  const notes: string[] = []
  const opened: Sink[] = []
  for (const entry of entries) {
    if (entry.type in transformSchemas && entry.id !== storeSink) continue
    const { sink, ...target } = await openTarget(entry, notes)
    if (sink !== undefined) opened.push(sink)
    byType.set(typeOfTarget(entry.id), {
      ...target,
      takes: (options.takes.get(entry.id) ?? Infinity) / scale.rows,
      perRequest: Math.max(1, entry.delivery.batch.events / scale.rows),
      largest: options.largest.get(entry.id) ?? Infinity,
      receipts: new Receipts(),
    })
  }
  return {
    entries: entries.map((entry) =>
      byType.has(typeOfTarget(entry.id)) ? { ...entry, type: typeOfTarget(entry.id), settings: {} } : entry,
    ),
    byType,
    types: new Map(entries.map(({ id, type }) => [id, type])),
    notes,
    close: async () => void (await Promise.all(opened.map((sink) => sink.close().catch(() => undefined)))),
  }
}

type Opened = Pick<Target, 'accepts' | 'idempotency' | 'preview' | 'isLocal'> & Readonly<{ sink?: Sink }>

async function openTarget(entry: SinkEntry, notes: string[]): Promise<Opened> {
  if (entry.type === 'parquet')
    return { accepts: ['events', 'flows'], idempotency: 'transactional', preview: undefined, isLocal: true }
  const { accepts, idempotency, build } = await loadSink(entry.type)
  const isLocal = entry.type === 'file' || entry.type === 'stdout'
  try {
    const sink = await build(entry.settings, {
      log: silent,
      metrics: uncounted,
      id: entry.id,
      host: readOnlyHost(realHost()),
    })
    return { accepts, idempotency, isLocal, sink, preview: sink.preview?.bind(sink) }
  } catch (error) {
    notes.push(`Messages of sink ${entry.id} are not encoded, because it cannot be opened here: ${messageOf(error)}`)
    return { accepts, idempotency, isLocal, preview: undefined }
  }
}

/** With the store on files, which is no sink of the configuration. */
function entriesOf({ config, document, filter }: Loaded): readonly SinkEntry[] {
  const entries = sinkEntries(config, document, filter)
  if (config.store.enabled !== 'parquet') return entries
  const store: SinkEntry = {
    id: storeSink,
    type: 'parquet',
    settings: {},
    delivery: {
      ...(config.store.from === null ? {} : { from: config.store.from }),
      batch: { events: 50_000, bytes: 4 << 20, waitMs: 0 },
      retry: { firstMs: 200, maxMs: 5000 },
      retain: { bytes: Infinity, ageMs: Infinity },
      whenBehind: 'block',
      silenced: true,
    },
    written: '',
  }
  return [store, ...entries]
}
