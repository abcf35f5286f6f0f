// Issue 24, item 1: two containers on one volume both answered 200, and acknowledged events were lost.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import type { Ledger } from '../../src/engine/control.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { EventClient, eventType } from '../kit/event-client.ts'
import { prepareWeir, startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let data = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-two-'))
  data = join(folder, 'data')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Starts a program in new PID and network namespaces, as a container does. */
const container = [
  'unshare',
  '--pid',
  '--net',
  '--fork',
  '--mount-proc',
  '--kill-child',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh',
]

describe('two containers on one folder', () => {
  it('have one writer: the second is rejected, and takes over after kill -9', async (context: TestContext) => {
    const [program = '', ...args] = container
    if ((await runCommand(program, [...args, 'true'], { limit: 10_000 })).code !== 0) context.skip('unshare')
    await using first = await startWeir({ folder: join(folder, 'first'), data, through: container })
    await using second = await prepareWeir({ folder: join(folder, 'second'), data, through: container })

    second.launch()
    expect(await second.exited()).toEqual({ code: 1, signal: null })
    expect(second.lastLog).toContain(
      `weir: The data folder ${data} belongs to process 1 on host ${hostname()}, which answers at ${first.url}.`,
    )
    expect(second.lastLog.trim().split('\n')).toHaveLength(2)

    const posted = await post(first, 300, async () => void (await first.kill()))
    expect(posted.acknowledged).toBeGreaterThan(0)
    await second.start()
    const rows = await inside<{ n: number }[]>(
      second,
      `/api/v1/sql`,
      {
        sql: `SELECT count(DISTINCT id) AS n FROM events WHERE CAST(id AS BIGINT) < ${posted.acknowledged}`,
        format: 'json',
      },
      (answer) => answer[0]?.n === posted.acknowledged,
    )
    expect(rows).toEqual([{ n: posted.acknowledged }])
    const ledger = await inside<Ledger>(second, '/api/v1/ledger')
    expect(ledger.balanced).toBe(true)
    expect(ledger.sources.find(({ name }) => name === 'http')?.accepted).toBeGreaterThanOrEqual(posted.acknowledged)

    first.launch()
    expect(await first.exited()).toEqual({ code: 1, signal: null })
  })
})

/** Queries the server within its network namespace until the response satisfies. */
async function inside<T>(
  weir: WeirProcess,
  path: string,
  body?: object,
  isEnough: (answer: T) => boolean = () => true,
): Promise<T> {
  const script = `
    const [url, body] = process.argv.slice(1)
    const answer = await fetch(url, body === '' ? {} : {
      method: 'POST', headers: { 'content-type': 'application/json' }, body })
    process.stdout.write(await answer.text())`
  for (let attempt = 1; ; attempt++) {
    const { stdout } = await runCommand(
      'nsenter',
      [
        '--target',
        String(weir.pid),
        '--net',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
        weir.url + path,
        body === undefined ? '' : JSON.stringify(body),
      ],
      { limit: 30_000 },
    )
    const answer = JSON.parse(stdout) as T
    if (isEnough(answer) || attempt === 40) return answer
  }
}

/**
 * Posts numbered events one by one and returns how many were acknowledged before the first failure. `halfway` runs when
 * half of them are.
 */
async function post(weir: WeirProcess, count: number, halfway: () => Promise<void>): Promise<{ acknowledged: number }> {
  const script = `
    const [url, count] = process.argv.slice(1)
    for (let n = 0; n < Number(count); n++) {
      const body = JSON.stringify({ specversion: '1.0', id: String(n), source: '/s', type: '${eventType}' })
      const headers = { 'content-type': 'application/cloudevents+json' }
      const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
      if (answer?.ok !== true) break
      process.stdout.write('.')
    }`
  let acknowledged = 0
  let killed: Promise<void> | undefined
  await runCommand(
    'nsenter',
    [
      '--target',
      String(weir.pid),
      '--net',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      `${weir.url}/events`,
      String(count),
    ],
    {
      limit: 60_000,
      onOutput(text) {
        acknowledged += text.replaceAll(/[^.]/g, '').length
        if (acknowledged >= count / 2) killed ??= halfway()
      },
    },
  )
  await killed
  return { acknowledged: Math.min(acknowledged, count) }
}

describe('a writer that loses its folder', () => {
  it('to a process with a separate lock stops, and the other has every acknowledged event', async () => {
    await using first = await startWeir({ folder: join(folder, 'first'), data })
    await using second = await prepareWeir({ folder: join(folder, 'second'), data })
    const client = new EventClient({ url: first.url, connections: 4, batch: 5 })
    client.start()
    await expect.poll(() => client.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(100)
    // As on a file system without locks.
    await rm(join(data, 'lock.sqlite'))
    await second.start()
    expect(await first.exited()).toEqual({ code: 1, signal: null })
    expect(first.lastLog).toMatch(/ error .*Another process writes to the data folder: .*\/lock was replaced/)
    const acknowledged = new Set(client.acknowledged)
    const redirected = new EventClient({ url: second.url, connections: 1, batch: 1, source: '/other' })
    redirected.start()
    await expect.poll(() => redirected.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(10)
    await redirected.stop()
    const ledger = await second.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    const stored = await second.sql<{ id: string }>(`SELECT id FROM events WHERE source <> '/other'`)
    const ids = new Set(stored.map(({ id }) => Number(id)))
    expect([...acknowledged].filter((n) => !ids.has(n))).toEqual([])
    expect(ids.size).toBe(stored.length)
    // The client continues to send unacknowledged batches.
    void client.stop()
  })

  it('refuses posts without its lock file, and stops when another process creates a segment', async () => {
    await using weir = await startWeir({ folder, data })
    await rm(join(data, 'lock'))
    await expect(weir.events([{ specversion: '1.0', id: '0', source: '/s', type: 't' }])).rejects.toThrow('503')
    await expect.poll(async () => (await fetch(`${weir.opsUrl}/healthz/ready`)).status, { timeout: 20_000 }).toBe(503)
    await weir.stop()
    await weir.start()
    await weir.events([{ specversion: '1.0', id: '1', source: '/s', type: 't' }])
    await writeFile(join(data, 'journal/0000000000999999.seg'), '')
    expect(await weir.exited()).toEqual({ code: 1, signal: null })
    expect(weir.lastLog).toContain('it created 0000000000999999.seg')
    await weir.start()
    expect((await weir.ledger()).balanced).toBe(true)
  })
})

it('a lock is an empty file; kill -9 leaves one that is reused, and a clean stop clears it', async () => {
  await using weir = await startWeir({ folder, data })
  expect((await stat(join(data, 'lock.sqlite'))).size).toBe(0)
  expect(JSON.parse(await readFile(join(data, 'lock'), 'utf8'))).toMatchObject({
    pid: weir.pid,
    url: weir.url,
    host: hostname(),
  })
  await weir.kill()
  await expect(stat(join(data, 'lock.sqlite-journal'))).rejects.toThrow(/ENOENT/)
  await weir.start()
  expect(await weir.stop()).toEqual({ code: 0, signal: null })
  await expect(stat(join(data, 'lock'))).rejects.toThrow(/ENOENT/)
})
