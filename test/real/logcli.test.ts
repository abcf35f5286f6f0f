// Loki's client logcli with Weir beside a real Loki with the same lines: every command has the same output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startStored, type StoredApi } from '../../src/api/testing/stored.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { logBatch, pushBody, testLines, type TestLine } from './grafana/lines.ts'
import { findLogcli, findLoki } from './install/loki.ts'
import { startLoki, type RealLoki } from './kit/loki.ts'

const count = 600
// Loki queries lines of the last hours in its ingester. It spreads the bytes of a chunk over the range of the request:
// two minutes after a step of 5 minutes, each step of the range has lines.
const start = Math.floor(Date.now() / 300_000) * 300_000 - 28 * 60_000
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString()
const lines = testLines(start, count)
const span = ['--from', at(-60), '--to', at(count + 60)]
let logcli = ''
let loki: RealLoki
let folder = ''

beforeAll(async () => {
  const [server, client] = [findLoki(), findLogcli()]
  if (server.path === undefined || client.path === undefined) return
  logcli = client.path
  folder = await mkdtemp(join(tmpdir(), 'weir-logcli-'))
  loki = await startLoki(server.path, folder)
  await pushed(lines)
}, 120_000)

beforeEach((context) => {
  for (const found of [findLoki(), findLogcli()]) if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await loki?.[Symbol.asyncDispose]()
  if (folder !== '') await rm(folder, { recursive: true, force: true })
})

async function pushed(some: readonly TestLine[]): Promise<void> {
  const answer = await fetch(`${loki.url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-scope-orgid': 'netobserv' },
    body: pushBody(some),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** Of the test. */
async function startWeir(): Promise<StoredApi> {
  const weir = await startStored()
  await weir.addBatch(logBatch(lines), start)
  return weir
}

const argumentsOf = (url: string, args: readonly string[]): string[] => [
  ...args,
  '--addr',
  url,
  '--org-id',
  'netobserv',
  '--quiet',
]

async function outputOf(url: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(logcli, argumentsOf(url, args), { limit: 30_000 })
  expect(code, stderr).toBe(0)
  return stdout
}

const inOrder = (text: string): string => text.split('\n').toSorted().join('\n')

describe('logcli', () => {
  test.each([
    [['query', '{app="web"}', '--limit', '200', '-o', 'jsonl']],
    [['query', '{app="db"} | logfmt | rows > 10', '--limit', '5', '--forward']],
    [['query', '{env="prod"}', '--limit', '90', '--batch', '20', '-o', 'raw']],
    [['query', 'sum by (app) (count_over_time({env="prod"}[1m]))', '--step', '60s']],
    [['labels']],
    [['labels', 'app']],
    [['series', '{env="prod"}']],
    [['series', '{env=~".+"}', '--analyze-labels']],
    [['volume', '{env="prod"}']],
    [['volume', '{env=~".+"}', '--targetLabels', 'app']],
    [['volume', '{env=~".+"}', '--targetLabels', 'app', '--aggregateByLabels']],
    [['detected-fields', '{app="web"}']],
    [['detected-fields', '{app="db"}', 'rows']],
  ])('%j has the output of Loki', async (args) => {
    const weir = await startWeir()
    const [actual, expected] = await Promise.all([weir, loki].map(({ url }) => outputOf(url, [...args, ...span])))
    expect(expected?.length).toBeGreaterThan(5)
    expect(inOrder(actual!)).toBe(inOrder(expected!))
  })

  test('instant-query has the output of Loki', async () => {
    const args = ['instant-query', 'topk(3, sum by (app) (bytes_over_time({env="prod"}[5m])))', '--now', at(400)]
    const weir = await startWeir()
    expect(await outputOf(weir.url, args)).toBe(await outputOf(loki.url, args))
  })

  test('volume_range has the steps of Loki, and the bytes of the whole', async () => {
    const weir = await startWeir()
    const args = ['volume_range', '{env="prod"}', '--step', '5m', ...span]
    const [actual, expected] = (await Promise.all([weir, loki].map(({ url }) => outputOf(url, args)))).map(
      (text) => (JSON.parse(text) as { values: [number, string][] }[])[0]!.values,
    )
    expect(actual?.map(([time]) => time)).toEqual(expected?.map(([time]) => time))
    // Loki divides a chunk by time, not by lines, and counts the texts of metadata in proportion.
    const sum = (values: readonly [number, string][] | undefined) => values!.reduce((all, [, text]) => all + +text, 0)
    expect(sum(actual) / sum(expected)).toBeCloseTo(1, 1)
  })

  test('stats counts streams, lines and bytes', async () => {
    const weir = await startWeir()
    const volume = await outputOf(weir.url, ['volume', '{app="web"}', ...span])
    const [{ value } = { value: [0, ''] }] = JSON.parse(volume) as { value: [number, string] }[]
    const text = await outputOf(weir.url, ['stats', '{app="web"}', ...span])
    const entries = lines.filter(({ labels }) => labels['app'] === 'web').length
    expect(text).toContain('streams: 2')
    expect(text).toContain(`entries: ${entries}`)
    expect(text).toContain(`bytes: ${Math.round(Number(value[1]) / 1000)}kB`)
  })

  test('a wrong query has the error with its place', async () => {
    const weir = await startWeir()
    const args = argumentsOf(weir.url, ['query', '{app=}', ...span])
    const { code, stderr } = await runCommand(logcli, args, { limit: 30_000 })
    expect([code, stderr]).toEqual([1, expect.stringContaining('expected text')])
  })

  test('query --tail prints each line that arrives once, as with Loki', async () => {
    const weir = await startWeir()
    const tails = [weir, loki].map(({ url }) => tail(url))
    const all = Array.from({ length: 6 }, (_, n) => `line ${n}`)
    for (const [n, line] of all.entries()) {
      const one = [{ time: Date.now(), line, labels: { app: 'tail', n: String(n % 2) }, metadata: { pod: `p${n}` } }]
      await Promise.all([pushed(one), weir.addBatch(logBatch(one), Date.now())])
      await sleep(300)
    }
    for (const { printed, ended } of tails) {
      for (let waited = 0; waited < 20_000 && printed().length < all.length; waited += 100) await sleep(100)
      // A repeated line would arrive with the next poll.
      await sleep(1500)
      await ended()
      expect(printed()).toEqual(all)
    }
  })
})

function tail(url: string) {
  const child = spawn(logcli, argumentsOf(url, ['query', '{app="tail"}', '--tail', '-o', 'raw']), {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  return {
    printed: (): string[] => text.split('\n').filter((line) => line !== ''),
    async ended(): Promise<void> {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
