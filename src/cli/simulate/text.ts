import { timeText } from '../../app/simulation/findings.ts'
import type { SimulationReport, SinkResult } from '../../app/simulation/report.ts'
import { sizeText } from '../../model/size-text.ts'
import type { Row } from '../output.ts'
import { textTable } from '../text-table.ts'

export function reportText(report: SimulationReport, name: string): string {
  const parts = [
    headText(report, name),
    sourcesText(report),
    transformsText(report),
    sinksText(report),
    faultsText(report),
    peaksText(report),
    report.notes.map((note) => `Note: ${note}\n`).join(''),
    findingsText(report),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

export const findingRows = ({ findings }: SimulationReport): Row[] =>
  findings.map(({ is, part, what, advice }) => ({ finding: is, part, what, advice }))

const count = (value: number): string => value.toLocaleString('en-US')
const reasons = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, rows]) => rows > 0)
    .map(([reason, rows]) => `${count(rows)} ${reason}`)
    .join(', ') || '-'

function headText({ seed, hours, scale, stepSeconds }: SimulationReport, name: string): string {
  const rows = scale > 1 ? `; a simulated row stands for ${count(Math.round(scale))}` : ''
  return `${name}: ${hours} h, seed ${seed}, in steps of ${stepSeconds} s${rows}\n`
}

function sourcesText({ sources }: SimulationReport): string {
  if (sources.length === 0) return 'The configuration has no source.\n'
  return textTable(
    ['source', 'rows/s', 'given', 'accepted', 'pushed twice', 'waiting (most)', 'lost'],
    sources.map(({ source, rate, given, accepted, duplicates, waiting, mostWaiting, lost }) => [
      source,
      count(rate),
      count(given),
      count(accepted),
      count(duplicates),
      `${count(waiting)} (${count(mostWaiting)})`,
      reasons(lost),
    ]),
  )
}

function transformsText({ transforms }: SimulationReport): string {
  if (transforms.length === 0) return ''
  return textTable(
    ['transform', 'type', 'taken', 'made'],
    transforms.map(({ transform, type, taken, made }) => [transform, type, count(taken), count(made)]),
  )
}

const dropped = (sink: SinkResult): string => reasons(sink.dropped)

function sinksText({ sinks }: SimulationReport): string {
  if (sinks.length === 0) return ''
  return textTable(
    ['sink', 'delivered', 'filtered', 'sent twice', 'waiting', 'dead letters', 'dropped', 'lag (longest)'],
    sinks.map((sink) => [
      sink.sink,
      count(sink.delivered),
      count(sink.filtered),
      count(sink.duplicated),
      count(sink.waiting),
      count(sink.deadLetters),
      dropped(sink),
      `${timeText(sink.lagMs)} (${timeText(sink.longestLagMs)})`,
    ]),
  )
}

function faultsText({ faults }: SimulationReport): string {
  if (faults.length === 0) return ''
  return textTable(
    ['fault', 'at', 'length', 'recovered after'],
    faults.map(({ fault, at, seconds, recovered }) => [
      fault,
      clockText(at),
      timeText(1000 * seconds),
      recovered === null ? 'not before the next fault or the end' : timeText(1000 * recovered),
    ]),
  )
}

function clockText(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
}

function peaksText({ peaks, balanced }: SimulationReport): string {
  const of = (bytes: number, limit: number) => `${sizeText(bytes)} of ${sizeText(limit)}`
  return (
    `Journal at most ${of(peaks.journalBytes, peaks.journalMax)}, volume ${of(peaks.diskBytes, peaks.disk)}, ` +
    `memory for decoding ${of(peaks.memoryBytes, peaks.memory)}.\n` +
    `The ledger ${balanced ? 'balances' : 'does NOT balance'}.\n`
  )
}

function findingsText({ findings }: SimulationReport): string {
  if (findings.length === 0) return 'No findings.\n'
  const all = findings.map(({ part, what, advice }) => `- ${part}: ${what}\n  ${advice}\n`)
  return `${findings.length === 1 ? '1 finding' : `${findings.length} findings`}:\n${all.join('')}`
}
