// LogQL of Weir beside a real Loki with the same lines: every query has the same answer.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStored } from '../../src/api/testing/stored.ts'
import { expectSame, type Answer } from './grafana/compare.ts'
import { generatedLogql, logBatch, pushBody, testLines } from './grafana/lines.ts'
import { findLoki } from './install/loki.ts'
import { startLoki, type RealLoki } from './kit/loki.ts'

const count = 600
// Loki queries lines of the last hours in its ingester.
const start = Math.floor(Date.now() / 60_000) * 60_000 - 30 * 60_000
const lines = testLines(start, count)
const ns = (seconds: number): string => `${start + seconds * 1000}000000`
let server: RealLoki | undefined
let folder = ''

beforeAll(async () => {
  const found = findLoki()
  if (found.path === undefined) return
  folder = await mkdtemp(join(tmpdir(), 'weir-loki-'))
  server = await startLoki(found.path, folder)
  const answer = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-scope-orgid': 'netobserv' },
    body: pushBody(lines),
  })
  if (!answer.ok) throw new Error(await answer.text())
}, 120_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  if (folder !== '') await rm(folder, { recursive: true, force: true })
})

type CodedAnswer = Answer & { readonly code: number }

async function ask(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<CodedAnswer> {
  const answer = await fetch(`${url}/loki/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
    headers: { 'x-scope-orgid': 'netobserv' },
  })
  const text = await answer.text()
  const body = (answer.ok ? JSON.parse(text) : { status: 'error' }) as Answer
  return { ...body, code: answer.status }
}

interface StreamItem {
  readonly stream: Readonly<Record<string, string>>
  readonly values: readonly (readonly [string, string])[]
}

/** Lines in order of time with their labels. The text of an error is that of a program. */
function shownLines({ data }: Answer): string[] {
  return ((data?.result ?? []) as StreamItem[])
    .flatMap(({ stream, values }) =>
      values.map(([time, line]) => {
        const labels = Object.entries(stream).filter(([name]) => name !== '__error_details__')
        return `${time} ${line} ${JSON.stringify(labels.sort(([one], [other]) => (one < other ? -1 : 1)))}`
      }),
    )
    .sort()
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(Object.entries(value as object).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

/** Loki returns sets of labels in any order. */
const inOrder = (answer: object): object =>
  Object.fromEntries(
    Object.entries(answer).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.map((each) => textOf(each)).sort() : value,
    ]),
  )

/** The first elements that only one has. */
function differing(one: readonly string[], other: readonly string[]): unknown[] {
  return [one.filter((each) => !other.includes(each))[0], other.filter((each) => !one.includes(each))[0]]
}

describe('LogQL', () => {
  test('every query has the answer of Loki', async (context) => {
    if (server === undefined) return context.skip('there is no Loki')
    const api = await startStored()
    await api.addBatch(logBatch(lines), start)
    const written = (await readFile(new URL('grafana/logql.txt', import.meta.url), 'utf8')).split('\n').filter(Boolean)
    const queries = [...written, ...generatedLogql(28, 150)]
    const problems: string[] = []
    let answered = 0
    const compare = async (query: string, path: string, parameters: Readonly<Record<string, string>>) => {
      const [actual, expected] = await Promise.all([
        ask(api.url, path, { query, ...parameters }),
        ask(server!.url, path, { query, ...parameters }),
      ])
      try {
        expect(actual.code, query).toBe(expected.code)
        if (expected.data?.resultType === 'streams') expect(shownLines(actual)).toEqual(shownLines(expected))
        else expectSame(query, actual, expected)
        if (expected.data !== undefined) answered++
      } catch (error) {
        const shown =
          expected.data?.resultType !== 'streams'
            ? [actual.data?.result, expected.data?.result]
            : [...differing(shownLines(actual), shownLines(expected))]
        problems.push(
          [query, path, String(error), ...shown.map((each) => JSON.stringify(each))].join('\n  ').slice(0, 2000),
        )
      }
    }
    for (const query of queries) {
      await compare(query, 'query', { time: ns(400) })
      const span = { start: ns(60), end: ns(420), step: '45s', limit: '500' }
      await compare(query, 'query_range', { ...span, direction: 'backward' })
    }
    expect(queries.length).toBeGreaterThanOrEqual(300)
    expect(problems.join('\n\n')).toBe('')
    expect(answered).toBeGreaterThan(400)
  }, 300_000)

  test.for(['labels', 'label/app/values', 'series', 'detected_labels'])(
    '%s has the answer of Loki',
    async (path, { skip }) => {
      if (server === undefined) return skip('there is no Loki')
      const api = await startStored()
      await api.addBatch(logBatch(lines), start)
      const query = '{env="prod"}'
      const parameters = { query, 'match[]': query, start: ns(0), end: ns(count + 60) }
      const [actual, expected] = await Promise.all([ask(api.url, path, parameters), ask(server.url, path, parameters)])
      expect(inOrder(actual)).toEqual(inOrder(expected))
    },
  )
})
