import type { BatchTransform, SinkPiece, Transform } from '../engine/contracts.ts'
import { compileRoute, filterRows } from '../engine/delivery/route.ts'
import { deriveSink } from '../engine/sources/derive.ts'
import { decodeBatch } from '../journal/bodies.ts'
import { frameHeader } from '../journal/frame-header.ts'
import type { Unit } from '../journal/types.ts'
import type { Batch } from '../model/batches.ts'
import type { Fields } from '../model/json.ts'
import { sourcesOfTransform } from '../components/manifests.ts'
import { loadTransform } from '../components/registry.ts'
import { didYouMean } from '../schema/suggest.ts'
import { sinkEntries } from './config-entries.ts'
import type { UnitTest } from './config-unit-tests.ts'
import type { Loaded } from './load-config.ts'
import { transformTools } from './transforms.ts'
import {
  batchOf,
  difference,
  expectedValues,
  readRow,
  valuesOf,
  type ReadRow,
  type RowRole,
  type RowProblem,
} from './unit-test-rows.ts'

type TestProblem = Readonly<{
  path: readonly (string | number)[]
  message: string
  hint?: string
}>

type TestResult = Readonly<{
  name: string
  failures: readonly string[]
  problems: readonly TestProblem[]
}>

const firstTime = Date.UTC(2026, 0, 1)
/** Ends every window. */
const later = 24 * 3600_000

export async function runUnitTest(loaded: Loaded, test: UnitTest): Promise<TestResult> {
  const problems: TestProblem[] = []
  const { config } = loaded
  const under = test.transform === null ? 'sinks' : 'transforms'
  const id = test.transform ?? test.sink ?? ''
  const entry = sinkEntries(config, loaded.document, loaded.filter).find((sinkEntry) => sinkEntry.id === id)
  if (config[under][id] === undefined || entry === undefined) {
    const names = Object.keys(config[under])
    const hint = didYouMean(id, names) ?? `${under}: ${names.join(', ') || 'none'}`
    const path = [test.transform === null ? 'sink' : 'transform']
    return { name: test.name, failures: [], problems: [{ path, message: `there is no ${path[0]} \`${id}\``, hint }] }
  }
  const note = (at: readonly (string | number)[], { path, ...problem }: RowProblem): void =>
    void problems.push({ ...problem, path: [...at, ...path] })
  const input = rowsOf(test.input, 'input', (row, problem) => note(['input', row], problem))
  const expected = rowsOf(test.expect ?? [], 'expected', (row, problem) => note(['expect', row], problem))
  const outputs = test.transform === null ? [''] : outputNames({ id, type: entry.type, settings: entry.settings })
  expected.forEach(({ to }, row) => {
    if (!outputs.includes(to))
      problems.push({
        path: ['expect', row, ...(to === '' ? [] : ['to'])],
        message: to === '' ? 'the row names no output' : `there is no output \`${to}\``,
        hint: `add \`to:\` with one of ${outputs.join(', ')}`,
      })
  })
  // Reported before a run: a row with an unknown field would test something else.
  for (const [row, one] of expected.entries()) batchOf([one], (_, problem) => note(['expect', row], problem))
  const pieces = piecesOf(input, (row, problem) => note(['input', row], problem))
  if (problems.length > 0) return { name: test.name, failures: [], problems }
  const definition = test.transform === null ? undefined : await loadTransform(entry.type)
  const transform = definition?.build(entry.settings, await transformTools(), id)
  const route = { accepts: definition?.accepts ?? ['events', 'flows'], only: entry.delivery.only } as const
  const run = await play(pieces, route, transform === undefined ? undefined : { id, transform, outputs })
  return {
    name: test.name,
    problems,
    failures: [...outcomeFailures(test, run.outcomes), ...rowFailures(test, expected, run.rows)],
  }
}

function outputNames(transform: Parameters<typeof sourcesOfTransform>[0]): readonly string[] {
  return sourcesOfTransform(transform).map((source) => source.slice(transform.id.length + 1))
}

function rowsOf(
  written: readonly Fields[],
  role: RowRole,
  complain: (row: number, problem: RowProblem) => void,
): readonly ReadRow[] {
  return written.flatMap((record, row) => {
    const read = readRow(record, role)
    if (!('message' in read)) return [read]
    complain(row, read)
    return []
  })
}

function piecesOf(
  input: readonly ReadRow[],
  complain: (row: number, problem: RowProblem) => void,
): readonly SinkPiece[] {
  const pieces: SinkPiece[] = []
  let received = firstTime
  for (let from = 0; from < input.length;) {
    received = input[from]?.received ?? received
    let to = from + 1
    while (to < input.length && input[to]?.kind === input[from]?.kind && input[to]?.received === undefined) to++
    const first = from
    const batch = batchOf(input.slice(from, to), (row, problem) => complain(first + row, problem))
    pieces.push(pieceOf(batch, pieces.length + 1, received))
    from = to
  }
  return pieces
}

function pieceOf(batch: Batch, sequence: number, received: number): SinkPiece {
  const { kind, count } = batch
  const header = frameHeader({ sequence, kind, source: 'test', count, received })
  return { header, batch, rows: Uint32Array.from({ length: count }, (_, row) => row), firstRow: 0 }
}

type Played = Readonly<{
  outcomes: readonly string[]
  rows: readonly Readonly<{ to: string; kind: string; values: Fields }>[]
}>

type TestedRoute = Readonly<{
  accepts: Parameters<typeof compileRoute>[0]
  only: Parameters<typeof compileRoute>[1]['only']
}>

type TestedTransform = Readonly<{ id: string; transform: Transform | BatchTransform; outputs: readonly string[] }>

async function play(
  pieces: readonly SinkPiece[],
  { accepts, only }: TestedRoute,
  tested: TestedTransform | undefined,
): Promise<Played> {
  const outcomes: string[] = []
  const chosen: SinkPiece[] = []
  const places: number[] = []
  const route = compileRoute(accepts, only === undefined ? {} : { only })
  for (const piece of pieces) {
    const routed = route(piece.batch)
    const reason = Object.keys(routed.filtered)[0] ?? 'only'
    const rows =
      only?.filter === undefined ? routed.rows : filterRows(only.filter, piece.batch, piece.header, routed.rows)
    const base = outcomes.length
    for (let row = 0; row < piece.batch.count; row++)
      outcomes.push(rows.includes(row) ? 'pass' : routed.rows.includes(row) ? 'filter' : reason)
    for (const row of rows) places.push(base + row)
    if (rows.length > 0) chosen.push({ ...piece, rows })
  }
  if (tested === undefined)
    return {
      outcomes,
      rows: chosen.flatMap(({ batch, rows }) => {
        const values = valuesOf(batch)
        return [...rows].map((row) => ({ to: '', kind: batch.kind, values: values[row] ?? {} }))
      }),
    }
  const units: Unit[] = []
  const journal = {
    append: (unit: Unit): Promise<void> => Promise.resolve(void units.push(unit)),
    cursor: () => Promise.resolve(undefined),
  }
  const sink = deriveSink({ ...tested, journal })
  await sink.windows?.begin({ sequence: 0, row: 0, time: 0 })
  const signal = new AbortController().signal
  for (const piece of chosen) {
    const base = places.splice(0, piece.rows.length)
    for (const failure of await sink.send(
      { token: 'test', count: piece.rows.length, pieces: [piece], retried: false },
      signal,
    ))
      for (const index of failure.is === 'filter' ? failure.rows : [failure.index])
        outcomes[base[index] ?? 0] = failure.is === 'reject' ? `rejected: ${failure.reason}` : failure.reason
  }
  if (sink.windows?.due() !== undefined) await sink.windows.close((chosen.at(-1)?.header.received ?? firstTime) + later)
  return {
    outcomes,
    rows: units.flatMap(({ source, kind, raw }) =>
      kind === 'empty'
        ? []
        : valuesOf(decodeBatch(kind, raw)).map((values) => ({ to: source.slice(tested.id.length + 1), kind, values })),
    ),
  }
}

function outcomeFailures({ outcomes }: UnitTest, actual: readonly string[]): readonly string[] {
  return (outcomes ?? []).flatMap((expected, row) => {
    const outcome = actual[row] ?? ''
    return outcome === expected || (expected === 'rejected' && outcome.startsWith('rejected: '))
      ? []
      : [`input row ${row + 1}: expected outcome ${expected}, got ${outcome}`]
  })
}

/** Rows of different outputs have no order between them. */
function rowFailures(
  { expect, exact }: UnitTest,
  expected: readonly ReadRow[],
  actual: Played['rows'],
): readonly string[] {
  if (expect === null) return []
  const failures: string[] = []
  const outputs = new Set([...expected, ...actual].map(({ to }) => to))
  for (const to of outputs) {
    const [wanted, got] = [expected.filter((row) => row.to === to), actual.filter((row) => row.to === to)]
    const at = (row: number) => `row ${row + 1}${to === '' ? '' : ` of output ${to}`}`
    for (let row = 0; row < Math.max(wanted.length, got.length); row++) {
      const [wantedRow, gotRow] = [wanted[row], got[row]]
      if (wantedRow === undefined) failures.push(`${at(row)} is not expected: ${JSON.stringify(gotRow?.values)}`)
      else if (gotRow === undefined) failures.push(`${at(row)} is missing: ${JSON.stringify(wantedRow.body)}`)
      else if (`${wantedRow.kind}s` !== gotRow.kind)
        failures.push(`${at(row)}: expected a row of ${wantedRow.kind}s, got ${gotRow.kind}`)
      else {
        const lines = difference(expectedValues(wantedRow), gotRow.values, exact ? 'exact' : 'listed')
        if (lines.length > 0) failures.push(`${at(row)} differs:`, ...lines.map((line) => `  ${line}`))
      }
    }
  }
  return failures
}
