import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ExportLoad, loadProtocols } from '../../test/kit/flow-load/exports.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { frameOf, pcapFile, type Frame } from '../../test/kit/pcap-file.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const v5 = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)
const start = 1_700_000_000_000_000

interface Received {
  readonly port: number
  readonly bytes: Buffer
  readonly from: number
  readonly at: number
}

async function listener(received: Received[]): Promise<Socket> {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.on('message', (bytes, { port: from }) => received.push({ port, bytes, from, at: performance.now() }))
  return socket
}

/** `count` datagrams of two exporters, `gapMs` apart, among other traffic. */
async function capture(count: number, dstPort: number, gapMs = 1): Promise<string> {
  const frames: Frame[] = []
  for (let i = 0; i < count; i++) {
    const payload = Buffer.from(v5)
    payload.writeUInt32BE(i, 16)
    const at = start + i * gapMs * 1000
    frames.push({
      at,
      ...frameOf({ srcAddr: `192.0.2.${i % 2}`, dstAddr: '192.0.2.9', proto: 17, srcPort: 50_000, dstPort, payload }),
    })
    frames.push({
      at,
      ...frameOf({ srcAddr: '192.0.2.1', dstAddr: '192.0.2.9', proto: 6, srcPort: 1, dstPort, payload: 10 }),
    })
    frames.push({
      at,
      ...frameOf({ srcAddr: '192.0.2.1', dstAddr: '192.0.2.9', proto: 17, srcPort: 1, dstPort: 53, payload: 10 }),
    })
  }
  const file = join(await temporaryFolder(), 'flows.pcap')
  await writeFile(file, pcapFile(frames))
  return file
}

test('every datagram arrives once a round, unchanged and in order, with a port for each exporter', async () => {
  const received: Received[] = []
  const { port } = (await listener(received)).address()
  // Both rounds fit in a socket's buffer of 208 KiB: a listener that has no CPU for a while loses none.
  const file = await capture(100, 2055)
  const ran = await weir(['replay', file, '--to', `127.0.0.1:${port}`, '--speed', 'max', '--loop', '2', '-o', 'json'])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toMatchObject({
    format: 'pcap',
    packets: 300,
    datagrams: 100,
    bytes: 100 * 72,
    exporters: 2,
    protocols: { netflow5: { datagrams: 100 } },
    left_out: { other: 100, port: 100, fragment: 0, cut: 0, link: 0 },
    sent: { sent: 200, refused: 0, failed: 0 },
  })
  await expect.poll(() => received.length).toBe(200)
  const exporters = Map.groupBy(received, ({ from }) => from)
  expect(exporters.size).toBe(2)
  for (const own of exporters.values()) {
    const numbers = own.map(({ bytes }) => bytes.readUInt32BE(16))
    expect(numbers.slice(0, 50)).toEqual(numbers.slice(0, 50).toSorted((a, b) => a - b))
    expect(numbers.slice(50)).toEqual(numbers.slice(0, 50))
  }
})

test('without a port each goes to the port it had; the pace is that of the capture times the speed', async () => {
  const received: Received[] = []
  const [first, second] = [await listener(received), await listener(received)]
  const frames = [first, second, first].map((socket, i): Frame => ({
    at: start + i * 2_000_000,
    ...frameOf({
      srcAddr: '192.0.2.1',
      dstAddr: '192.0.2.9',
      proto: 17,
      srcPort: 9,
      dstPort: socket.address().port,
      payload: v5,
    }),
  }))
  const file = join(await temporaryFolder(), 'flows.pcap')
  await writeFile(file, pcapFile(frames))
  const ran = await weir(['replay', file, '--ports', 'any', '--speed', '10'])
  expect(ran.code).toBe(0)
  expect(ran.out).toMatch(/sent 3 datagrams in \d+\.\d/)
  await expect.poll(() => received.length).toBe(3)
  expect(received.map(({ port }) => port)).toEqual([first, second, first].map((socket) => socket.address().port))
  // Two gaps of two seconds at tenfold speed: 400 ms. A busy machine may receive the first one late.
  expect((received[2]?.at ?? 0) - (received[0]?.at ?? 0)).toBeGreaterThan(200)
})

test('--count-only reports the contents of a capture and sends nothing', async () => {
  const received: Received[] = []
  const { port } = (await listener(received)).address()
  const file = await capture(10, port)
  const ran = await weir(['replay', file, '--count-only', '--ports', `2055,${port}`])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).toContain('10 datagrams, 720 B, of 2 exporters')
  expect(ran.out).toMatch(/NetFlow v5 +10 +720 +10 +100 +10000 +0\n/)
  expect(ran.out).toContain('skipped: 10 of other protocols, 10 to other ports')
  expect(received).toEqual([])
})

test('- is a capture on standard input', async () => {
  const file = await capture(10, 2055)
  const piped = await runCommand('sh', ['-c', `cat ${file} | node bin/weir.mjs replay - --count-only`], {
    cwd: ROOT,
    limit: 60_000,
  })
  expect(piped.code).toBe(0)
  expect(piped.stdout).toContain('10 datagrams, 720 B, of 2 exporters')
})

test('--count-only counts the flows of every protocol, and data without a template', async () => {
  const frames: Frame[] = []
  const wanted: Record<string, object> = {}
  for (const [index, protocol] of loadProtocols.entries()) {
    const load = new ExportLoad({ protocol, perDatagram: 6, addresses: 100, seed: 3, templatesEvery: 5 })
    // The sixth datagram has the template; the first five wait for it.
    const datagrams = Array.from({ length: 11 }, () => load.next(1_700_000_000_000)).slice(
      protocol === 'ipfix6' ? 1 : 0,
    )
    for (const payload of datagrams)
      frames.push({
        at: start,
        ...frameOf({
          srcAddr: `192.0.2.${index}`,
          dstAddr: '192.0.2.9',
          proto: 17,
          srcPort: 50_000,
          dstPort: 2055,
          payload,
        }),
      })
    if (!protocol.startsWith('ipfix'))
      wanted[protocol] = { datagrams: 11, flows: 66, flow_bytes: load.bytes, flow_packets: load.packets, malformed: 0 }
  }
  const lonely = new ExportLoad({ protocol: 'netflow9', perDatagram: 6, addresses: 100, seed: 3 })
  lonely.next(0)
  frames.push({
    at: start,
    ...frameOf({
      srcAddr: '192.0.2.200',
      dstAddr: '192.0.2.9',
      proto: 17,
      srcPort: 50_000,
      dstPort: 2055,
      payload: lonely.next(0),
    }),
  })
  const file = join(await temporaryFolder(), 'flows.pcap')
  await writeFile(file, pcapFile(frames))
  const { out } = await weir(['replay', file, '--count-only', '-o', 'json'])
  const found = JSON.parse(out) as { protocols: Record<string, object>; sets_without_template: number }
  expect(found.sets_without_template).toBe(1)
  expect(found.protocols).toMatchObject({
    ...wanted,
    netflow9: { datagrams: 12, flows: 66 },
    ipfix: { datagrams: 21, flows: 126, malformed: 0 },
  })
})

test('a port without a listener is reported as a failure', async () => {
  const [port = 0] = await freePorts(1)
  const file = await capture(20, 2055)
  const ran = await weir(['replay', file, '--to', `127.0.0.1:${port}`, '--speed', 'max'])
  expect(ran.code).toBe(1)
  expect(ran.err).toContain('No process listens at 127.0.0.1')
})

test('a missing or wrong file and wrong flags are reported without a stack', async () => {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, 'data: ./weir-data\n')
  expect(await weir(['replay', file, '--count-only'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('neither a pcap nor a pcapng file') as string,
  })
  expect(await weir(['replay', `${file}.none`])).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no file') as string,
  })
  for (const wrong of [
    ['--speed', '0'],
    ['--speed', 'fast'],
    ['--loop', '0.5'],
    ['--ports', '70000'],
    ['--to', 'host:port:3'],
  ]) {
    expect((await weir(['replay', file, ...wrong])).code).toBe(2)
  }
})
