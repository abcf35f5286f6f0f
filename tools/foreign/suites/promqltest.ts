import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../src/model/errors.ts'
import { QueryFailure } from '../../../src/query/metrics/failure.ts'
import { type LabelSet, metricName } from '../../../src/query/metrics/labels.ts'
import { matchesAll } from '../../../src/query/metrics/matchers.ts'
import { queryInstant, queryRange, type InstantResult, type QueryEnvironment } from '../../../src/query/promql/index.ts'
import { commandsOf, type Eval, type Load, type ScriptPoint } from '../promqltest/script.ts'
import type { Outcome, Suite } from '../suite.ts'

type Stored = { labels: LabelSet; points: Map<number, ScriptPoint> }
type Found = Readonly<{ labels: LabelSet; points: readonly (readonly [number, number])[] }>

/** Weir does not store such samples, so that a query over them has no data to be right about. */
class Unstored extends Error {}

class Store {
  #series = new Map<string, Stored>()
  /** Keys of series that started. */
  #starts = new Set<string>()

  clear(): void {
    this.#series = new Map()
    this.#starts = new Set()
  }

  load({ stepMs, series, histograms }: Load): void {
    for (const { labels, points, isStart } of series) {
      if (isStart) this.#starts.add(labels.key)
      const storedSeries = this.#series.get(labels.key) ?? { labels, points: new Map<number, ScriptPoint>() }
      this.#series.set(labels.key, storedSeries)
      points.forEach((point, at) => {
        if (point !== 'absent') storedSeries.points.set(at * stepMs, point)
      })
      const base = labels.get(metricName).replace(/_bucket$/, '')
      if (histograms && labels.get('le') !== '') {
        const native = labels.drop(new Set(['le'])).with(metricName, base)
        this.#series.set(native.key, {
          labels: native,
          points: new Map(points.map((_, at) => [at * stepMs, 'histogram'])),
        })
      }
    }
  }

  /** True if series have labels of types or units, which have other meanings in other versions of Prometheus. */
  get hasTypes(): boolean {
    return [...this.#series.values()].some(({ labels }) => labels.get('__type__') + labels.get('__unit__') !== '')
  }

  readonly source: QueryEnvironment['source'] = ({ matchers, from, to }) =>
    Promise.resolve(
      [...this.#series.values()].flatMap(({ labels, points }) => {
        if (!matchesAll(labels, matchers)) return []
        const pointsInRange = [...points].filter(([time]) => time >= from && time <= to).toSorted(([a], [b]) => a - b)
        if (pointsInRange.length === 0) return []
        if (pointsInRange.some(([, point]) => point === 'histogram')) throw new Unstored('native histograms')
        if (this.#starts.has(labels.key)) throw new Unstored('start timestamps, an experimental feature')
        const stale = new Set(pointsInRange.flatMap(([, point], at) => (point === 'stale' ? [at] : [])))
        const values = pointsInRange.map(([, point]) => (typeof point === 'number' ? point : NaN))
        return [{ labels, times: pointsInRange.map(([time]) => time), values, stale }]
      }),
    )
}

const showSeries = ({ labels, points }: Found): string =>
  `${JSON.stringify(labels)} ${points.map(([time, value]) => `${value}@${time / 1000}`).join(' ')}`

function isNear(one: number, other: number): boolean {
  if (Object.is(one, other) || one === other || (Number.isNaN(one) && Number.isNaN(other))) return true
  const [least, sum] = [Math.abs(one - other), Math.abs(one) + Math.abs(other)]
  return least / Math.min(sum, Number.MAX_VALUE) < 1e-6 || least < Number.MIN_VALUE
}

function expectedSeries({ rows, at: { start, step }, expects }: Eval): Found[] {
  const range = expects
    .map((expect) => /^range vector from (\S+) to \S+ step (\S+)$/.exec(expect))
    .find((match) => match !== null)
  const seconds = (text: string): number =>
    (text.endsWith('m') ? 60_000 : text.endsWith('ms') ? 1 : 1000) * parseFloat(text)
  const [from, by] = range === undefined ? [start, step ?? 0] : [seconds(range[1]!), seconds(range[2]!)]
  return rows.flatMap(({ labels, points }) => {
    const present = points.flatMap((point, at) => (typeof point === 'number' ? [[from + at * by, point] as const] : []))
    return present.length === 0 ? [] : [{ labels, points: present }]
  })
}

function difference(
  expected: readonly Found[],
  actual: readonly Found[],
  order: 'ordered' | 'any',
): string | undefined {
  const inOrder = (all: readonly Found[]): Found[] =>
    order === 'ordered' ? [...all] : all.toSorted((a, b) => (a.labels.key < b.labels.key ? -1 : 1))
  const [wanted, found] = [inOrder(expected), inOrder(actual)]
  const isEqual =
    wanted.length === found.length &&
    wanted.every(({ labels, points }, index) => {
      const otherResult = found[index]!
      return (
        labels.key === otherResult.labels.key &&
        points.length === otherResult.points.length &&
        points.every(
          ([time, value], at) => time === otherResult.points[at]![0] && isNear(value, otherResult.points[at]![1]),
        )
      )
    })
  return isEqual
    ? undefined
    : `expected\n${wanted.map(showSeries).join('\n')}\nactual\n${found.map(showSeries).join('\n')}`
}

function resultDifference(given: Eval, result: InstantResult): string | undefined {
  if (result.type === 'string') {
    const expectedText = given.expects.find((expect) => expect.startsWith('string '))?.slice(7)
    return expectedText !== undefined && expectedText.slice(1, -1) === result.value
      ? undefined
      : `${expectedText} is not ${result.value}`
  }
  if (result.type === 'scalar' || given.scalar !== undefined) {
    const value = result.type === 'scalar' ? result.value : undefined
    return value !== undefined && given.scalar !== undefined && isNear(value, given.scalar)
      ? undefined
      : `expected ${given.scalar}, actual ${JSON.stringify(result)}`
  }
  const results: readonly Found[] =
    result.type === 'matrix'
      ? result.series
      : result.vector.map(({ labels, value }) => ({ labels, points: [[given.at.start, value]] }))
  return difference(expectedSeries(given), results, given.expects.includes('ordered') ? 'ordered' : 'any')
}

type Notes = Readonly<{ warnings: readonly string[]; infos: readonly string[] }>

function noteProblem({ expects }: Eval, { warnings, infos }: Notes): string | undefined {
  const show = (): string => JSON.stringify({ warnings, infos })
  for (const expect of expects) {
    const [, isNone, kind = '', text] = /^(no_)?(warn|info)(?:\s+msg:\s*(.*))?$/.exec(expect) ?? []
    if (kind === '') continue
    const notes = kind === 'warn' ? warnings : infos
    if (isNone !== undefined && notes.length > 0) return `expected ${expect}, actual ${show()}`
    if (isNone === undefined && !notes.some((note) => note.includes(text ?? '')))
      return `expected ${expect}, actual ${show()}`
  }
  return undefined
}

async function runTest(given: Eval, { source, hasTypes }: Store): Promise<Omit<Outcome, 'name'>> {
  const isFailing = given.expects.some((expect) => /^fail\b/.test(expect))
  const { query, at } = given
  const notes = { warnings: [] as string[], infos: [] as string[] }
  const environment: QueryEnvironment = {
    source,
    maxSamples: 50_000_000,
    tick() {},
    pause: () => Promise.resolve(),
    note: (kind, text) => void notes[kind].push(text),
  }
  try {
    const { start, end, step } = at
    const problem =
      step === undefined
        ? resultDifference(given, await queryInstant(query, start, environment))
        : difference(expectedSeries(given), await queryRange(query, { start, end, step }, environment), 'any')
    const problemText = isFailing ? 'expected a failure' : (problem ?? noteProblem(given, notes))
    if (problemText === undefined) return { verdict: 'right' }
    // Tests of one version contradict those of another.
    if (hasTypes) return { verdict: 'refused', detail: 'labels of type and unit, experimental: as in version 3.16' }
    return { verdict: 'wrong', detail: `${query}\n${problemText}` }
  } catch (error) {
    if (error instanceof Unstored) return { verdict: 'refused', detail: error.message }
    if (!(error instanceof QueryFailure)) throw error
    if (error.kind === 'unsupported') return { verdict: 'refused', detail: error.message }
    return isFailing ? { verdict: 'right' } : { verdict: 'wrong', detail: `${query}\n${messageOf(error)}` }
  }
}

export const suite: Suite = {
  summary:
    "Prometheus' tests of PromQL. Right: the samples, the order, and the warnings and infos where a test names them",
  source: 'folder promql/promqltest/testdata of the Go module github.com/prometheus/prometheus (go mod download -json)',
  async *outcomes(folder) {
    for (const file of (await readdir(folder)).filter((text) => text.endsWith('.test')).toSorted()) {
      const store = new Store()
      for (const command of commandsOf(await readFile(join(folder, file), 'utf8')))
        if (command.is === 'clear') store.clear()
        else if (command.is === 'load') store.load(command)
        else yield { name: `${file}:${command.line}`, ...(await runTest(command, store)) }
    }
  },
}
