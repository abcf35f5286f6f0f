/** Runs the scripts of Loki's logqltest. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../src/model/errors.ts'
import { constantOf, parseLogql, queryMetric, type LogEntry } from '../../../src/query/logql/index.ts'
import { QueryFailure } from '../../../src/query/metrics/failure.ts'
import { matchesAll } from '../../../src/query/metrics/matchers.ts'
import type { Outcome } from '../suite.ts'
import { difference, type Found } from './found.ts'
import { compared, right, type Verdicts } from './cases.ts'
import { commandsOf, type Eval } from './script.ts'

const extension = '.logqltest'

export async function* scriptOutcomes(folder: string): AsyncIterable<Outcome> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(extension)).toSorted()
  for (const name of names) {
    let entries: LogEntry[] = []
    for (const command of commandsOf(await readFile(join(folder, name), 'utf8')))
      if (command.is === 'clear') entries = []
      else if (command.is === 'load') entries.push(...command.entries)
      else yield { name: `${name}:${command.line} ${command.query}`, ...(await verdictOf(command, entries)) }
  }
}

async function verdictOf(given: Eval, entries: readonly LogEntry[]): Promise<Verdicts> {
  try {
    const verdict = await evaluated(given, entries)
    return given.fails ? { verdict: 'wrong', detail: `${given.query}\nexpected a failure` } : verdict
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    if (given.fails) return right
    return {
      verdict: error.kind === 'unsupported' ? 'refused' : 'wrong',
      detail: `${given.query}\n${messageOf(error)}`,
    }
  }
}

async function evaluated(
  { query, at, ordered, scalar, series }: Eval,
  entries: readonly LogEntry[],
): Promise<Verdicts> {
  const node = parseLogql(query)
  const constant = at.instant ? constantOf(node) : undefined
  if (constant !== undefined || scalar !== undefined) return compared(query, String(scalar), String(constant))
  const metric = await queryMetric(node, at, {
    source: ({ matchers, from, to }) =>
      Promise.resolve(
        entries
          .filter(({ time, stream }) => time >= from && time < to && matchesAll(stream, matchers))
          .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)),
      ),
    tick: () => {},
    pause: () => Promise.resolve(),
    now: BigInt(at.end) * 1_000_000n,
  })
  const wanted: Found = series.map(({ labels, points }) => ({
    labels,
    points: points.flatMap((value, index) =>
      value === undefined ? [] : [[at.start + index * at.step, value] as const],
    ),
  }))
  return difference(query, wanted, metric, ordered ? 'ordered' : 'any')
}
