import { createSocket } from 'node:dgram'
import { expect, onTestFinished, test } from 'vitest'
import { recipes } from '../topics/exporters/recipes.ts'
import { start } from '../api/testing/kit.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { exportersText } from './exporters/page.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)

test('weir exporters gives advice without exporters, and lists reasons for missing rows', async () => {
  await using running = await startWeir({ folder: await temporaryFolder() })
  await expect.poll(() => running.log).toContain('`weir exporters` lists exporters')
  const silent = await weir(['exporters', '--url', running.url])
  expect(silent).toMatchObject({ code: 0, err: '' })
  expect(silent.out).toContain('No exporter has sent data since the start.')
  expect(silent.out).toContain('weir exporters --how softflowd | pmacct')

  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  const send = (bytes: Uint8Array): void => socket.send(bytes, running.ports.netflow, '127.0.0.1')
  send(vectorA)
  send(Buffer.of(7, 7, 7))
  const listed = async (): Promise<{ address: string; datagrams: number; rows: number; malformed: number }[]> =>
    (
      JSON.parse((await weir(['exporters', '--url', running.url, '--source', 'netflow', '-o', 'json'])).out) as {
        sources: { exporters: never[] }[]
      }
    ).sources[0]?.exporters ?? []
  await expect
    .poll(listed, { timeout: 20_000 })
    .toMatchObject([{ address: '127.0.0.1', datagrams: 2, rows: 1, malformed: 1 }])
  // The ledger counts shed rows with the next frame of the source.
  await expect
    .poll(async () => (await weir(['exporters', '--url', running.url])).out, {
      timeout: 20_000,
      interval: 500,
    })
    .toMatch(
      /source +exporter[^]*netflow +127\.0\.0\.1 +\d+ s ago +\d+ s ago +2 +1 +0 +0 +1[^]*netflow: 1 datagrams were malformed/,
    )
  expect(await weir(['ids', 'exporters', '--url', running.url])).toEqual({ code: 0, out: '127.0.0.1\n', err: '' })
  expect((await weir(['ids', 'streams', '--url', running.url])).out.split('\n')).toEqual(
    expect.arrayContaining(['http', 'netflow', 'sflow', 'store']),
  )
  // Data without a template.
  send(Buffer.from('000900010009' + '27c06553f1000000000700000005' + '01000008' + '00000000', 'hex'))
  await expect
    .poll(async () => (await weir(['exporters', '127.0.0.1', '--url', running.url])).out, {
      timeout: 20_000,
      interval: 500,
    })
    .toMatch(
      /source +netflow\naddress +127\.0\.0\.1\nlast seen +\d+ s ago[^]*malformed +1[^]*bytes +.* decoded[^]*dropped by the kernel, all exporters +127[^]*waits for[^]*9 +5 +\d+\/udp[^]*256[^]*without template 256/,
    )
  expect(await weir(['exporters', '192.0.2.9', '--url', running.url])).toMatchObject({
    code: 1,
    err: expect.stringContaining('No data received from 192.0.2.9') as string,
  })
  const doctor = JSON.parse((await weir(['doctor', '--data', running.data, '-o', 'json'])).out) as {
    checks: { check: string; status: string; fact: string }[]
  }
  expect(doctor.checks.filter(({ check }) => check === 'exporters netflow')).toMatchObject([
    { status: 'ok', fact: expect.stringMatching(/^1 known, the last seen \d+ s ago$/) as string },
  ])
  expect(doctor.checks.filter(({ check }) => check === 'exporter 127.0.0.1')).toMatchObject([
    { status: 'warn', fact: expect.stringContaining('without template 256') as string },
  ])
  const port = String(running.ports.netflow)
  for (const name of ['softflowd', 'mikrotik'])
    expect((await weir(['exporters', '--how', name, '--url', running.url])).out).toContain(port)
})

// Through Kafka, the exporter has the address of a broker.
const throughKafka = 'netobserv-agent-kafka'

test.each(recipes.map(({ name }) => name).filter((name) => name !== throughKafka))(
  'what to configure at %s names the collector, and needs no server',
  async (name) => {
    const data = await temporaryFolder()
    const { out, code } = await weir(['exporters', '--how', name, '--collector', '198.51.100.7', '--data', data])
    expect(code).toBe(0)
    expect(out).toMatch(/^# .+\n/)
    expect(out).toContain('198.51.100.7')
    expect(out).toMatch(/\b(?:2055|4739|6343)\b/)
  },
)

test('what to configure for Kafka names the topic on both sides', async () => {
  const { out, code } = await weir(['exporters', '--how', throughKafka, '--data', await temporaryFolder()])
  expect(code).toBe(0)
  expect(out).toMatch(/^KAFKA_TOPIC=network-flows$/m)
  expect(out).toMatch(/^ {4}topics: \[network-flows\]$/m)
})

test('an IPv6 collector stands in brackets where a port follows', async () => {
  const { out } = await weir([
    'exporters',
    '--how',
    'softflowd',
    '--collector',
    '2001:db8::7',
    '--data',
    await temporaryFolder(),
  ])
  expect(out).toContain('-n [2001:db8::7]:2055')
})

test('facts of a source are printed unchanged, and cannot act on the terminal', () => {
  const exporter = {
    address: '10.0.0.1',
    lastSeen: 1000,
    datagrams: 5,
    rows: 0,
    why: 'waits for template 256\u001b[2J\nof domain 5',
  }
  const text = exportersText(
    {
      sources: [
        { name: 'edge', type: 'netflow', addresses: [], known: 1003, why: 'no sFlow here', exporters: [exporter] },
      ],
    },
    {
      balanced: true,
      sources: [
        { name: 'edge', accepted: 0, duplicates: 0, unreadable: 0, shed: { not_allowed: 3, odd: 1, malformed: 0 } },
      ],
      sinks: [],
    },
    3_601_000 * 3,
  )
  expect(text).toContain('edge 10.0.0.1: waits for template 256 [2J of domain 5')
  expect(text).toContain('edge: no sFlow here')
  expect(text).toContain('edge: 3 datagrams were received from addresses outside `allow`')
  expect(text).toContain('edge: 1 were refused (odd)')
  expect(text).toContain('1002 more are known')
  expect(text).toContain('3 h ago')
  expect(text).not.toContain('malformed export')
})

test('exporters of one source are requested from the server', async () => {
  const { api, control } = await start()
  control.exportersNow = [
    { name: 'a', type: 'netflow', addresses: [], exporters: [] },
    { name: 'b', type: 'sflow', addresses: [], exporters: [] },
  ]
  expect(JSON.parse((await weir(['exporters', '--source', 'b', '-o', 'json', '--url', api.url])).out)).toEqual({
    sources: [{ name: 'b', type: 'sflow', addresses: [], known: 0, exporters: [] }],
  })
  expect(await weir(['exporters', '--how', 'toaster', '--url', api.url])).toMatchObject({ code: 2 })
})
