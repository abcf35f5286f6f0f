// Promise: a restart in the middle of a template-based stream loses no decodable record.
import { createSocket, type Socket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  ip4,
  ipfix,
  netflow9,
  optionsTemplate9,
  set,
  template,
  u16,
  u32,
  u8,
} from '../../src/codecs/templates/testing/datagrams.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

const fields = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [1, 4],
  [2, 4],
] as const
const record = (n: number): Buffer =>
  Buffer.concat([ip4('10.0.0.1'), ip4('10.0.0.2'), u16(1000, 443), u8(6), u32(1000, n)])
/** Flow n reports n packets. */
const nine = (n: number): Buffer => netflow9({ sequence: n }, set(256, record(n)))
const ten = (n: number): Buffer => ipfix({ sequence: n }, set(300, record(n)))

async function setUp(
  config: Record<string, unknown> = {},
): Promise<{ weir: WeirProcess; send: (bytes: Uint8Array) => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-templates-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const weir = await startWeir({ folder, config })
  onTestFinished(async () => void (await weir.kill()))
  const socket: Socket = createSocket('udp4')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => void socket.close())
  return {
    weir,
    send: (bytes) => new Promise((resolve) => socket.send(bytes, weir.ports.netflow, '127.0.0.1', () => resolve())),
  }
}

const stored = (weir: WeirProcess, protocol: string): Promise<{ packets: number; sampling: number | null }[]> =>
  weir.sql(`SELECT packets, sampling FROM flows WHERE protocol = '${protocol}' ORDER BY packets`)
const packets = async (weir: WeirProcess, protocol: string): Promise<number[]> =>
  (await stored(weir, protocol)).map((row) => row.packets)
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'data after a restart (%s) is decoded by the templates and rates that were announced before it',
  async (signal) => {
    const { weir, send } = await setUp()
    await send(
      netflow9(
        {},
        set(1, optionsTemplate9(257, [[1, 4]], [[34, 4]])),
        set(257, u32(0, 100)),
        set(0, template(256, fields)),
      ),
    )
    await send(ipfix({}, set(2, template(300, fields))))
    for (let n = 1; n <= 50; n++) {
      await send(nine(n))
      await send(ten(n))
    }
    await expect
      .poll(async () => [(await packets(weir, 'netflow9')).length, (await packets(weir, 'ipfix')).length], {
        timeout: 20_000,
      })
      .toEqual([50, 50])
    await expect
      .poll(() => existsSync(join(weir.data, 'state/sources/netflow/templates')), { timeout: 20_000 })
      .toBe(true)
    await (signal === 'SIGTERM' ? weir.stop() : weir.kill())
    await weir.start()
    for (let n = 51; n <= 100; n++) {
      await send(nine(n))
      await send(ten(n))
    }
    await expect.poll(() => packets(weir, 'netflow9'), { timeout: 20_000 }).toEqual(numbers(1, 100))
    await expect.poll(() => packets(weir, 'ipfix'), { timeout: 20_000 }).toEqual(numbers(1, 100))
    expect((await stored(weir, 'netflow9')).every(({ sampling }) => sampling === 100)).toBe(true)
    const ledger = await weir.caughtUp(20_000)
    expect(ledger.balanced).toBe(true)
    expect(ledger.sources.find(({ name }) => name === 'netflow')).toMatchObject({ accepted: 200, shed: {} })
  },
  120_000,
)

it('data pending for a template at a stop is decoded once the template arrives after the start', async () => {
  const { weir, send } = await setUp()
  for (let n = 1; n <= 20; n++) await send(ten(n))
  await expect.poll(() => weir.metric('weir_netflow_parked_sets_total'), { timeout: 20_000 }).toBe(20)
  await weir.stop()
  await weir.start()
  await send(ten(21))
  await send(ipfix({ sequence: 22 }, set(2, template(300, fields)), set(300, record(22))))
  await expect.poll(() => packets(weir, 'ipfix'), { timeout: 20_000 }).toEqual(numbers(1, 22))
}, 120_000)

it('a connection that Weir closes at its stop is made again by the exporter, with its templates', async () => {
  const [port = 0] = await freePorts(1)
  const { weir } = await setUp({ sources: { netflow: { tcp: `127.0.0.1:${port}` } } })
  const session = async (from: number, to: number): Promise<void> => {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    socket.write(Buffer.concat([ipfix({}, set(2, template(300, fields))), ...numbers(from, to).map(ten)]))
    await expect.poll(async () => (await packets(weir, 'ipfix')).at(-1), { timeout: 20_000 }).toBe(to)
  }
  await session(1, 500)
  await weir.stop()
  await weir.start()
  await session(501, 1000)
  expect(await packets(weir, 'ipfix')).toEqual(numbers(1, 1000))
}, 120_000)
