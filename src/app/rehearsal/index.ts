/** Runs two configurations on a range of the journal, without outside effects, and reports what differs. */
import { readOnlyHost } from '../../host/read-only.ts'
import type { Host } from '../../host/index.ts'
import { frameBatch } from '../../journal/shared-frames.ts'
import type { Frame, UnreadableRange } from '../../journal/types.ts'
import type { Batch } from '../../model/batches.ts'
import { componentOf, type Position } from '../../model/positions.ts'
import { sourcesOfTransform } from '../../components/manifests.ts'
import { banNetwork } from '../../net/no-network.ts'
import { silent, uncounted } from '../../telemetry/silent.ts'
import { sinkEntries } from '../config-entries.ts'
import type { WeirConfig } from '../config.ts'
import type { Loaded } from '../load-config.ts'
import { rehearseAlerts } from './stored-alerts.ts'
import { noResult, SinkComparison } from './compare.ts'
import { RehearsedNames } from './names.ts'
import { RehearsedPipeline, type SinkResult } from './pipeline.ts'
import { planRange, readFrames, type PlannedRange, type RangeLimits } from './range.ts'
import { equalSinks, notesOf } from './same.ts'
import { settingChanges } from './settings.ts'
import type { RangeReport, RehearsalReport, SinkReport, TransformReport } from './report.ts'

export type { RehearsalReport } from './report.ts'

export type RehearsalOptions = Readonly<{
  host: Host
  /** The data folder of the running server. */
  data: string
  running: Loaded
  candidate: Loaded
  limits: RangeLimits
  /** Number of examples for each difference of a sink. */
  examples: number
  onProgress?: (rows: number, of: number) => void
}>

export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { data, running, candidate, limits } = options
  const host = readOnlyHost(options.host)
  const directory = `${data}/journal`
  const isInput = inputsOf(running.config, candidate.config)
  const plan = await planRange(host.disk, directory, limits, isInput)
  // After the alerts, because queries of the store run in other processes.
  const alerts = await rehearseAlerts({ host: options.host, data, running, candidate, plan })
  const ban = banNetwork()
  try {
    const scene: Scene = { options, host, directory, plan, isInput }
    const { sinks, transforms, range, notes } = await rehearseRows(scene)
    const settings = settingChanges(running, candidate, {
      sinks: new Set(sinks.filter(isDifferent).map(({ sink }) => sink)),
      alerts: new Map(
        alerts.flatMap(({ alert, problem }) => (problem === undefined ? [] : [[alert, problem] as const])),
      ),
    })
    const hasEqualSettings =
      !sinks.some((sink) => isDifferent(sink) || sink.problem !== undefined) &&
      !alerts.some(({ differs }) => differs) &&
      !settings.some(({ effect }) => effect === 'unseen')
    return {
      equal: hasEqualSettings,
      range,
      sinks,
      transforms,
      alerts,
      settings,
      notes: [...notes, ...notesOf(range, running, candidate)],
    }
  } finally {
    ban.lift()
  }
}

type Scene = Readonly<{
  options: RehearsalOptions
  host: ReturnType<typeof readOnlyHost>
  directory: string
  plan: PlannedRange
  isInput: (source: string) => boolean
}>

/** Sources to read: rows of transforms are made again. */
function inputsOf(running: WeirConfig, candidate: WeirConfig): (source: string) => boolean {
  const madeSources = new Set(
    [running, candidate].flatMap(({ transforms }) => Object.values(transforms).flatMap(sourcesOfTransform)),
  )
  return (source) => !madeSources.has(componentOf(source))
}

type Rehearsed = Pick<RehearsalReport, 'sinks' | 'transforms' | 'range' | 'notes'>

const namesNote = 'The data folder has no names of workloads: those of the frames in the journal are used.'

async function rehearseRows({ options, host, directory, plan, isInput }: Scene): Promise<Rehearsed> {
  const { running, candidate, data } = options
  const parts = { host, log: silent, metrics: uncounted, journal: directory }
  const names = await Promise.all([running, candidate].map(({ config }) => RehearsedNames.open(config, data, parts)))
  const [before, after] = (await Promise.all(
    [running, candidate].map((loaded, side) => RehearsedPipeline.open(loaded, parts, names[side]?.enrichment)),
  )) as [RehearsedPipeline, RehearsedPipeline]
  const unchangedSinks = equalSinks(running, candidate)
  after.without(unchangedSinks)
  const comparisons = comparisonsOf(options, before, after)
  const removedNames = removedSources(running.config, candidate.config)
  const unreadable: UnreadableRange[] = []
  const sources: Record<string, number> = {}
  let rows = 0
  const add = (header: Frame['header'], [first, second]: readonly (Map<string, SinkResult> | undefined)[]) => {
    for (const comparison of comparisons) {
      const { sink } = comparison
      comparison.add(header, first?.get(sink), unchangedSinks.has(sink) ? undefined : (second?.get(sink) ?? noResult))
    }
  }
  let last: Frame['header'] | undefined
  const from = startOf(plan, names)
  for await (const frame of readFrames(host.disk, directory, { after: from, last: plan.last }, (range) =>
    unreadable.push(range),
  )) {
    const { header } = frame
    for (const side of names) side.take(frame)
    if (header.sequence < plan.first || !isInput(header.source)) continue
    host.clock.set(header.received)
    const batch = batchOf(frame)
    if (batch === undefined) {
      unreadable.push({ segment: '', offset: 0, bytes: header.bodyBytes, events: header.count })
      continue
    }
    const stream = { header, batch, keys: undefined }
    const isLeft = removedNames.has(componentOf(header.source))
    add(header, [before.take(stream), isLeft ? withoutSource(after) : after.take(stream)])
    rows += header.count
    sources[header.source] = (sources[header.source] ?? 0) + header.count
    last = header
    options.onProgress?.(rows, plan.rows)
  }
  if (last !== undefined)
    add(last, [before.end(last.sequence + 1, last.received), after.end(last.sequence + 1, last.received)])
  await Promise.all([before.close(), after.close()])
  return {
    notes: names.some(({ isPartial }) => isPartial) ? [namesNote] : [],
    sinks: comparisons.map((comparison) => comparison.report()),
    transforms: transformReports(before, after),
    range: rangeReport(plan, { rows, sources, unreadable }),
  }
}

/** Batch of a frame. Undefined for a frame that a delivery would quarantine. */
function batchOf(frame: Frame): Batch | undefined {
  try {
    return frameBatch(frame)
  } catch {
    return undefined
  }
}

function withoutSource(pipeline: RehearsedPipeline): Map<string, SinkResult> {
  const result = { ...noResult, reason: () => 'the source is removed' }
  return new Map(pipeline.sinks.map(({ id }) => [id, result]))
}

/** Earlier than the range if names before it are not read yet. */
function startOf({ after }: PlannedRange, names: readonly RehearsedNames[]): Position {
  const reachedTimes = names.flatMap((side) => side.reached ?? [])
  return [after, ...reachedTimes].reduce((least, position) => (position.sequence < least.sequence ? position : least))
}

function removedSources(running: WeirConfig, candidate: WeirConfig): ReadonlySet<string> {
  return new Set(Object.keys(running.sources).filter((id) => !Object.hasOwn(candidate.sources, id)))
}

function isDifferent({ differences, is }: SinkReport): boolean {
  return is !== 'in both' || Object.values(differences).some((count) => count > 0)
}

function comparisonsOf(
  { running, candidate, examples }: RehearsalOptions,
  before: RehearsedPipeline,
  after: RehearsedPipeline,
): readonly SinkComparison[] {
  const types = (side: RehearsedPipeline, { config, document, filter }: Loaded) =>
    new Map([
      ...side.sinks.map(({ id, type }) => [id, type] as const),
      ...sinkEntries(config, document, filter)
        .filter(({ id }) => side.problems.has(id))
        .map(({ id, type }) => [id, type] as const),
    ])
  const [old, next] = [types(before, running), types(after, candidate)]
  return [...new Set([...old.keys(), ...next.keys()])].map((sink) => {
    const sinkState = !next.has(sink) ? 'removed' : !old.has(sink) ? 'added' : 'in both'
    const problem = after.problems.get(sink) ?? before.problems.get(sink)
    return new SinkComparison({ sink, type: next.get(sink) ?? old.get(sink) ?? '', is: sinkState, examples, problem })
  })
}

function transformReports(before: RehearsedPipeline, after: RehearsedPipeline): readonly TransformReport[] {
  const [old, next] = [before, after].map(({ transforms }) => new Map(transforms.map((part) => [part.id, part])))
  return [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].map((transform) => {
    const [running, candidate] = [old?.get(transform), next?.get(transform)]
    return {
      transform,
      type: (candidate ?? running)?.type ?? '',
      is: candidate === undefined ? 'removed' : running === undefined ? 'added' : 'in both',
      running: running?.counts ?? null,
      candidate: candidate?.counts ?? null,
    }
  })
}

function rangeReport(
  plan: PlannedRange,
  {
    rows,
    sources,
    unreadable,
  }: Readonly<{ rows: number; sources: Record<string, number>; unreadable: UnreadableRange[] }>,
): RangeReport {
  const iso = (ms: number) => (Number.isNaN(ms) ? null : new Date(ms).toISOString())
  return {
    from: iso(plan.from),
    to: iso(plan.to),
    rows,
    sources,
    skipped: plan.skipped,
    unreadable: {
      bytes: unreadable.reduce((sum, { bytes }) => sum + bytes, 0),
      rows: unreadable.reduce((sum, { events }) => sum + (events ?? 0), 0),
      unknown: unreadable.some(({ events }) => events === null),
    },
  }
}
