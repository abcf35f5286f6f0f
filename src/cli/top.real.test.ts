import { createSocket } from 'node:dgram'
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import type { Ledger, Pipeline } from '../engine/control.ts'
import { topText } from './top/page.ts'
import { ratesBetween, type Rates, type Sample } from './top/rates.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)

test('weir top shows the rates of a running Weir, by source, exporter and sink', async () => {
  await using running = await startWeir({ folder: await temporaryFolder() })
  const socket = createSocket('udp4')
  const sending = setInterval(() => socket.send(vectorA, running.ports.netflow, '127.0.0.1'), 20)
  onTestFinished(() => {
    clearInterval(sending)
    socket.close()
  })
  const once = async (): Promise<Rates> =>
    JSON.parse((await weir(['top', '--once', '--watch', '1', '-o', 'json', '--url', running.url])).out) as Rates
  await expect
    .poll(async () => (await once()).sources.find(({ name }) => name === 'netflow')?.rate, { timeout: 30_000 })
    .toBeGreaterThan(0)
  const rates = await once()
  expect(rates.exporters).toMatchObject([{ source: 'netflow', address: '127.0.0.1', missing: 0 }])
  expect(rates.exporters[0]?.datagramRate).toBeGreaterThan(0)
  expect(rates.sinks).toMatchObject([{ name: 'store', state: 'running', dropped: 0, deadLettered: 0 }])
  expect(rates.journal.sequence).toBeGreaterThan(0)

  const table = await weir(['top', '--once', '--watch', '0.5', '--url', running.url])
  expect(table).toMatchObject({ code: 0, err: '' })
  expect(table.out).toMatch(
    /source +type +rows\/s[^]*netflow +netflow[^]*exporter +source +flows\/s[^]*127\.0\.0\.1 +netflow[^]*sink +type +state[^]*store +parquet +running/,
  )
})

test('weir top runs until it is stopped, and ends with its reader', async () => {
  await using running = await startWeir({ folder: await temporaryFolder() })
  const child = spawn(
    'bash',
    ['-c', `'${process.execPath}' src/main.ts top -o json --watch 0.2 --url ${running.url} | head -n 3`],
    { cwd: new URL('../../', import.meta.url) },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  await new Promise((resolve) => child.on('close', resolve))
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Rates)
  expect(lines).toHaveLength(3)
  expect(lines[2]?.time).not.toBe(lines[1]?.time)
})

test('a wrong interval is a command line that cannot be used', async () => {
  expect(await weir(['top', '--watch', '0'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('number of seconds') as string,
  })
})

const pipeline: Pipeline = {
  sources: [{ name: 'netflow', type: 'netflow', addresses: [], rate: 0, error: 'odd' }],
  sinks: [{ name: 'bus', type: 'nats', from: [], lagMs: 1234.5, state: 'retrying', error: 'rejected\nthe login' }],
  journal: { bytes: 2048, segments: 2, sequence: 77 },
}
const ledger = (accepted: number, delivered: number, behind: number): Ledger => ({
  balanced: true,
  sources: [{ name: 'netflow', accepted, duplicates: 0, unreadable: 0, shed: { malformed: accepted / 10 } }],
  sinks: [
    {
      name: 'bus',
      from: [],
      filtered: {},
      routed: 0,
      delivered,
      dead_lettered: 4,
      dropped: { behind },
      quarantined: 0,
      pending: 9,
    },
  ],
})
const sample = (at: number, books: Ledger, exporters: readonly (readonly [string, number])[]): Sample => ({
  at,
  pipeline,
  ledger: books,
  exporters: {
    sources: [
      {
        name: 'netflow',
        type: 'netflow',
        addresses: [],
        known: exporters.length,
        exporters: exporters.map(([address, rows]) => ({
          address,
          lastSeen: at,
          datagrams: rows / 10,
          rows,
          why: 'waits\u001b',
        })),
      },
    ],
  },
})

test('rates are differences per second; a new component counts from 0, and a restarted server has rates of 0', () => {
  const before = sample(10_000, ledger(1000, 500, 10), [['10.0.0.1', 100]])
  const rates = ratesBetween(
    before,
    sample(12_000, ledger(1500, 600, 30), [
      ['10.0.0.1', 120],
      ['10.0.0.2', 400],
    ]),
  )
  expect(rates).toMatchObject({
    time: '1970-01-01T00:00:12.000Z',
    seconds: 2,
    sources: [{ rate: 250, shedRate: 25, accepted: 1500, shed: 150, error: 'odd' }],
    exporters: [
      { address: '10.0.0.2', rate: 200, datagramRate: 20 },
      { address: '10.0.0.1', rate: 10, datagramRate: 1 },
    ],
    sinks: [{ rate: 50, dropRate: 10, dropped: 30, pending: 9, deadLettered: 4, lagMs: 1235, state: 'retrying' }],
  })
  expect(ratesBetween(before, sample(12_000, ledger(10, 5, 0), [['10.0.0.1', 7]]))).toMatchObject({
    sources: [{ rate: 0 }],
    sinks: [{ rate: 0 }],
    exporters: [{ rate: 0 }],
  })
  const text = topText(rates, 1)
  expect(text).toContain('1 more exporters')
  expect(text).toContain('sink bus: rejected the login')
  expect(text).toMatch(/bus +nats +retrying +50 +1\.2 s +9 +10 +30 +4/)
  expect(text).not.toContain('\u001b')
})
