import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { carriedSettings, type Secret } from '../../schema/index.ts'
import { sourcesOfTransform } from '../../components/manifests.ts'
import { sinkEntries } from '../config-entries.ts'
import type { WeirConfig } from '../config.ts'
import type { Loaded } from '../load-config.ts'
import type { RangeReport } from './report.ts'

/** Sinks with equal settings behind transforms with equal settings: both sides receive the same. */
export function equalSinks(running: Loaded, candidate: Loaded): ReadonlySet<string> {
  const [before, after] = [inputsOf(running), inputsOf(candidate)]
  if (before.common !== after.common) return new Set()
  const ids = [...Object.keys(running.config.sinks), storeSink]
  return new Set(ids.filter((id) => before.of(id) !== undefined && before.of(id) === after.of(id)))
}

type Inputs = Readonly<{
  /** What every sink depends on. */
  common: string
  /** All that a sink depends on; undefined: there is no such sink. */
  of: (sink: string) => string | undefined
}>

function inputsOf({ config, document, filter }: Loaded): Inputs {
  const entries = new Map(sinkEntries(config, document, filter).map((entry) => [entry.id, entry]))
  const transforms = Object.values(config.transforms).map((transform) => ({
    id: transform.id,
    outputs: sourcesOfTransform(transform),
  }))
  const describe = (id: string, above: ReadonlySet<string>): string => {
    const from = entries.get(id)?.delivery.from ?? (id === storeSink ? config.store.from : null) ?? undefined
    const feeding = transforms.filter(
      ({ id: transform, outputs }) =>
        !above.has(transform) && (from === undefined || outputs.some((output) => from.includes(output))),
    )
    const inputs = feeding.map(({ id: transform }) => describe(transform, new Set([...above, transform])))
    return JSON.stringify([id, settingsOf(config, entries.get(id), id), from ?? null, inputs])
  }
  return {
    common: plain([config.identity, Object.values(config.sources).map(({ id, type }) => [id, type])]),
    of: (sink) => (exists(config, sink) ? describe(sink, new Set()) : undefined),
  }
}

function exists({ sinks, store }: WeirConfig, sink: string): boolean {
  return sink === storeSink ? store.enabled !== 'none' : Object.hasOwn(sinks, sink)
}

function settingsOf({ sinks, transforms, store }: WeirConfig, entry: SinkEntry | undefined, id: string): string {
  const configured = id === storeSink ? undefined : (sinks[id] ?? transforms[id])
  return plain([entry?.type ?? store.enabled, configured?.settings ?? null, configured?.common ?? store])
}

function plain(value: unknown): string {
  const literal = (secret: Secret) => (secret.source === 'literal' ? secret.reveal({}, () => '') : secret.toString())
  return JSON.stringify(carriedSettings(value, literal))
}

export function notesOf({ rows, skipped, unreadable }: RangeReport, running: Loaded, candidate: Loaded): string[] {
  const notes: string[] = []
  if (rows === 0) notes.push('The journal has no rows in this range: only settings were compared.')
  if (skipped > 0) notes.push(`${skipped} older rows of the range were left out: --limit was reached.`)
  const { bytes, rows: lost, unknown } = unreadable
  if (bytes > 0)
    notes.push(
      `${bytes} bytes of the journal cannot be read (${unknown ? 'unknown' : lost} rows); ` +
        '`weir journal check` lists them.',
    )
  if (Object.keys({ ...running.config.transforms, ...candidate.config.transforms }).length > 0)
    notes.push('Windows of transforms begin empty at the start of the range, and end with it.')
  if (running.unknown.length + candidate.unknown.length > 0)
    notes.push('Values of variables are unknown: settings with them were not compared.')
  return notes
}
