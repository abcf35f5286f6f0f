/** What a simulation shows to be wrong with a configuration, in words, with the setting to change. */
import { sourcesOfTransform } from '../../components/manifests.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { sizeText } from '../../model/size-text.ts'
import { smallVolumeAdvice } from '../volume.ts'
import type { Finding, SimulationReport, SinkResult } from './report.ts'
import type { SimulationOptions } from './settings.ts'
import type { Simulation } from './simulation.ts'
import { typeOfTarget } from './targets.ts'

type Results = Omit<SimulationReport, 'findings'>
type Scene = Readonly<{ options: SimulationOptions; simulation: Simulation; results: Results }>

export function findings(options: SimulationOptions, simulation: Simulation, results: Results): readonly Finding[] {
  const scene = { options, simulation, results }
  return [
    ...lostFindings(scene),
    ...unread(scene),
    ...results.sinks.flatMap((sink) => [
      ...dropping(scene, sink),
      ...lateFindings(scene, sink),
      ...refusing(scene, sink),
      ...empty(sink),
      ...duplicating(scene, sink),
      ...oneKey(scene, sink),
    ]),
    ...refusedRows(scene),
    ...silentTransforms(scene),
    ...smallDisk(scene),
  ]
}

const count = (rows: number): string => rows.toLocaleString('en-US')

export function timeText(ms: number): string {
  if (ms >= 2 * 3600_000) return `${round(ms / 3600_000)} h`
  return ms >= 120_000 ? `${round(ms / 60_000)} min` : `${round(ms / 1000)} s`
}

const round = (value: number): string => String(Math.round(value * 10) / 10)

const settingOf = (sink: string, name: string): string => `sinks.${sink}.${name}`

function lostFindings({ results }: Scene): readonly Finding[] {
  const incompleteSinks = results.sinks.filter(({ missing: rows }) => rows > 0)
  const all: Finding[] = incompleteSinks.map(({ sink, missing: rows }) => ({
    is: 'lost',
    part: `sinks.${sink}`,
    what: `${count(rows)} rows count as delivered, and the target never received them.`,
    advice: 'This is a fault of Weir: report it with the seed.',
  }))
  if (results.balanced) return all
  return [
    ...all,
    { is: 'lost', part: 'ledger', what: 'The ledger does not balance.', advice: 'Report it with the seed.' },
  ]
}

/** Sources and outputs that neither a sink nor a transform nor the store reads. */
function unread({ simulation, options }: Scene): readonly Finding[] {
  const { transforms } = options.loaded.config
  const derivedSources = Object.values(transforms).flatMap(sourcesOfTransform)
  const takes = ({ delivery: { from } }: Simulation['entries'][number], source: string) =>
    from?.includes(source) ?? true
  return [...simulation.origins.keys(), ...derivedSources]
    .filter((source) => !simulation.entries.some((entry) => takes(entry, source)))
    .map((source) => ({
      is: 'unread',
      part: derivedSources.includes(source) ? `transforms.${source}` : `sources.${source}`,
      what: `No sink, transform or store reads ${source}. Its rows are accepted and reach nothing.`,
      advice: `Add ${source} to \`from\` of a sink, or remove it.`,
    }))
}

function dropping({ options, results }: Scene, { sink, dropped }: SinkResult): readonly Finding[] {
  const rows = dropped['behind'] ?? 0
  const { retain } = options.loaded.config.sinks[sink]?.common ?? {}
  if (rows === 0 || retain === undefined) return []
  const outage = Math.max(0, ...outages(results).map(({ seconds }) => 1000 * seconds))
  const longest = results.sinks.find((result) => result.sink === sink)?.longestLagMs ?? 0
  const byAge = longest >= retain.age
  return [
    {
      is: byAge ? 'age' : 'size',
      part: settingOf(sink, byAge ? 'retain.age' : 'retain.size'),
      what:
        `Sink ${sink} dropped ${count(rows)} rows, because its backlog exceeded ` +
        (byAge ? `${timeText(retain.age)}.` : `${sizeText(retain.size)}.`) +
        (outage > 0 ? ` The longest outage was ${timeText(outage)}.` : ''),
      advice: byAge
        ? `Set \`retain.age\` above the longest outage to survive, or \`when_behind: block\`.`
        : `Raise \`retain.size\` (and \`journal.max\`), or set \`when_behind: block\`.`,
    },
  ]
}

const outages = ({ faults }: Results) => faults.filter(({ fault }) => fault !== 'slow' && fault !== 'full')

/** Share of the time, at its end, in which a lag must not grow. */
const lastPart = 0.2
const lateMs = 5 * 60_000

function lateFindings({ options, simulation, results }: Scene, { sink, lagMs }: SinkResult): readonly Finding[] {
  const { lengthMs, timeline } = simulation
  const common = options.loaded.config.sinks[sink]?.common
  const lags = timeline.lagBetween(sink, (1 - lastPart) * lengthMs, lengthMs)
  const first = lags[0] ?? 0
  const isGrowing = lagMs > lateMs && lagMs >= first
  const retryFindings = slowRetry({ options, results, simulation }, sink)
  if (!isGrowing || retryFindings.length > 0) return retryFindings
  const rate = common?.delivery.rate ?? undefined
  if (rate !== undefined)
    return [
      {
        is: 'rate',
        part: settingOf(sink, 'delivery.rate'),
        what:
          `Sink ${sink} sends at most ${count(rate)} rows per second, fewer than arrive. It is ` +
          `${timeText(lagMs)} late at the end, and its lag grows.`,
        advice: 'Raise or remove `delivery.rate`, or deliver fewer rows with `only`.',
      },
    ]
  return [
    {
      is: 'slow',
      part: sink === storeSink ? storeSink : `sinks.${sink}`,
      what:
        `Sink ${sink} takes fewer rows than arrive. It is ${timeText(lagMs)} late at the end, and its lag ` +
        'grows without end.',
      advice: 'Raise `delivery.events` if requests are small, deliver fewer rows with `only`, or enlarge the target.',
    },
  ]
}

/** A sink that a fault left late for longer than the usual longest wait between two attempts. */
function slowRetry({ options, results, simulation }: Scene, sink: string): readonly Finding[] {
  const wait = options.loaded.config.sinks[sink]?.common.delivery.retry_max ?? 0
  if (wait < lateMs) return []
  const idle = results.faults
    .filter(({ fault }) => fault === 'partition')
    .filter(({ at, seconds, recovered }) => {
      const end = 1000 * (at + seconds)
      const after = simulation.timeline.lagBetween(sink, end, end + lateMs)
      return (recovered === null || 1000 * recovered > lateMs) && after.length > 1 && rises(after)
    })
  if (idle.length === 0) return []
  return [
    {
      is: 'retry',
      part: settingOf(sink, 'delivery.retry_max'),
      what:
        `After an outage, sink ${sink} waited up to ${timeText(wait)} before its next attempt, and its lag ` +
        'grew although the target worked.',
      advice: 'Set `delivery.retry_max` to 1 min or less.',
    },
  ]
}

const rises = (lags: readonly number[]): boolean => (lags.at(-1) ?? 0) > (lags[0] ?? 0)

function refusing({ options, simulation }: Scene, { sink, deadLetters }: SinkResult): readonly Finding[] {
  if (deadLetters === 0) return []
  const target = simulation.targets.byType.get(typeOfTarget(sink))
  const tooLarge = Math.round((target?.receipts.refused['too large'] ?? 0) * simulation.scale.rows)
  const otherLetters = deadLetters - tooLarge
  const all: Finding[] = []
  if (tooLarge > 0)
    all.push({
      is: 'too_large',
      part: `sinks.${sink}`,
      what:
        `The target of sink ${sink} refuses ${count(tooLarge)} messages that are larger than ` +
        `${sizeText(target?.largest ?? 0)}. They are dead letters.`,
      advice: 'Raise the limit of the target, use `oversize` of the sink, or shorten rows with a transform.',
    })
  const elapsed = options.loaded.config.sinks[sink]?.common.delivery.max_elapsed ?? null
  if (otherLetters > 0 && elapsed !== null)
    all.push({
      is: 'gives_up',
      part: settingOf(sink, 'delivery.max_elapsed'),
      what:
        `Sink ${sink} gave up on ${count(otherLetters)} rows after ${timeText(elapsed)}, before an outage ended. ` +
        'They are dead letters.',
      advice: 'Remove `delivery.max_elapsed`, or set it above the longest outage to survive.',
    })
  return all
}

function empty({ sink, filtered, ...counts }: SinkResult): readonly Finding[] {
  if (filtered === 0) return []
  const passedRows = counts.delivered + counts.waiting + counts.deadLetters + Object.keys(counts.dropped).length
  if (passedRows > 0) return []
  return [
    {
      is: 'nothing',
      part: settingOf(sink, 'only'),
      what:
        `Sink ${sink} delivers nothing: none of ${count(filtered)} rows is of a kind that it takes and ` +
        'passes `only`.',
      advice: 'Correct `only` or `from`. `weir rehearse` runs it on real rows.',
    },
  ]
}

/** Rows that a client repeated after a restart, and that were accepted twice. */
function duplicating({ results, options }: Scene, { sink, from }: SinkResult): readonly Finding[] {
  const pushSources = results.sources.filter(({ source, mode }) => mode === 'push' && from.includes(source))
  const rows = pushSources.reduce((sum, { accepted, given, waiting, lost: gone }) => {
    const missingRows = waiting + Object.values(gone).reduce((total, lostRows) => total + lostRows, 0)
    return sum + Math.max(0, accepted - (given - missingRows))
  }, 0)
  // Counts are rounded, so that small differences are ignored.
  if (rows < 2 + results.scale / 2) return []
  return [
    {
      is: 'duplicates',
      part: 'duplicates',
      what:
        `Sink ${sink} receives ${count(rows)} rows twice: clients repeated them after an interruption, and ` +
        'the deduplication window had forgotten them.',
      advice:
        `Raise \`duplicates.events\` above ${count(options.loaded.config.duplicates.events)}, or ` +
        '`duplicates.age`.',
    },
  ]
}

/** Fewer rows have one key by chance. */
const enoughRows = 1000

function oneKey({ simulation }: Scene, { sink, type }: SinkResult): readonly Finding[] {
  const destinations = simulation.targets.byType.get(typeOfTarget(sink))?.receipts.destinations
  const [name] = destinations?.keys() ?? []
  const rows = [...(destinations?.values() ?? [])].reduce((sum, sent) => sum + sent, 0)
  if (!keyed.has(type) || destinations?.size !== 1 || rows < enoughRows || name?.includes('(key ') !== true) return []
  return [
    {
      is: 'one_key',
      part: `sinks.${sink}`,
      what: `All rows of sink ${sink} have the same key (${name}): one partition receives all of them.`,
      advice: 'Give rows a key with many values, for example by a transform `map`.',
    },
  ]
}

const keyed: ReadonlySet<string> = new Set(['kafka'])

/** Rows that were refused while no fault filled the disk. */
function refusedRows({ simulation, results, options }: Scene): readonly Finding[] {
  const refusers = [...simulation.origins.values()].filter(({ refusals }) => Object.keys(refusals).length > 0)
  if (refusers.length === 0) return []
  const reasons = refusers.flatMap(({ refusals }) => Object.keys(refusals))
  const isDisk = reasons.some((reason) => /disk|volume|space|reserve/i.test(reason))
  const lostRows = refusers
    .filter(({ source: { mode } }) => mode === 'datagram')
    .reduce((sum, { refusals }) => sum + Object.values(refusals).reduce((total, rows) => total + rows, 0), 0)
  const effect =
    lostRows > 0
      ? `${count(Math.round(lostRows * results.scale))} rows of datagrams were lost`
      : 'clients and systems had to wait'
  const holder = [...simulation.timeline.holders].toSorted((a, b) => b[1] - a[1])[0]?.[0]
  const fullPlace = isDisk
    ? `The volume of ${sizeText(options.disk)}`
    : `The journal of ${sizeText(options.loaded.config.journal.max)}`
  return [
    {
      is: isDisk ? 'disk' : 'journal',
      part: isDisk ? 'data' : 'journal.max',
      what:
        `${fullPlace} was full, and rows of ${refusers.map(({ source: { id } }) => id).join(', ')} were refused: ` +
        `${effect}.` +
        (holder === undefined ? '' : ` Sink ${holder} held most of it.`),
      advice: isDisk
        ? smallVolumeAdvice
        : 'Raise `journal.max` above the rows of the longest outage, or set `when_behind: drop` where rows may be ' +
          'lost.',
    },
  ]
}

function silentTransforms({ results }: Scene): readonly Finding[] {
  return results.transforms.flatMap(({ transform, taken, made }): readonly Finding[] => {
    if (made > 0) return []
    return [
      {
        is: 'nothing',
        part: `transforms.${transform}`,
        what:
          taken === 0
            ? `No row reaches transform ${transform}.`
            : `Transform ${transform} drops all of its ${count(taken)} rows.`,
        advice: 'Correct its condition or `from`. `weir rehearse` runs it on real rows.',
      },
    ]
  })
}

function smallDisk({ options }: Scene): readonly Finding[] {
  const { journal, store } = options.loaded.config
  const storeBytes = store.enabled === 'parquet' ? (store.size ?? 0) : 0
  const needed = journal.max + journal.reserve + storeBytes
  if (options.disk >= needed) return []
  return [
    {
      is: 'disk',
      part: 'journal.max',
      what:
        `The volume of ${sizeText(options.disk)} is smaller than \`journal.max\`, \`journal.reserve\` and ` +
        `\`store.size\` together (${sizeText(needed)}). A long outage fills it before the journal reaches ` +
        'its limit.',
      advice:
        `Lower \`journal.max\` to ${sizeText(Math.max(0, options.disk - journal.reserve - storeBytes))} or less, ` +
        'or use a larger volume.',
    },
  ]
}
