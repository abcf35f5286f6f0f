// The circle: softflowd's export of a capture is itself captured, and replayed into Weir.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { launch } from '../../src/cli/testing/launch.ts'
import { frameOf, pcapFile, type Frame } from '../kit/pcap-file.ts'
import { sumCapture } from '../kit/pcap-sum.ts'
import { buildCapture } from '../kit/pcap.ts'
import { startWeir } from '../kit/weir-process.ts'
import { softflowd } from './install/softflowd.ts'
import { need } from './kit/need.ts'
import { replaySoftflowd } from './kit/softflowd.ts'
import { compareStored } from './kit/stored.ts'

describe('softflowd', () => {
  test.for([
    ['netflow9', 9],
    ['ipfix', 10],
  ] as const)('weir replay stores the captured flows of its %s', async ([protocol, version], context) => {
    await need(context, softflowd)
    const folder = await mkdtemp(join(tmpdir(), 'weir-replay-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const traffic = join(folder, 'traffic.pcap')
    const pcap = buildCapture({ seed: 5, conversations: 400 })
    await writeFile(traffic, pcap)
    const sum = sumCapture(pcap)

    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    onTestFinished(() => void socket.close())
    const frames: Frame[] = []
    socket.on('message', (payload, { port }) =>
      frames.push({
        at: Date.now() * 1000,
        ...frameOf({ srcAddr: '192.0.2.1', dstAddr: '192.0.2.9', proto: 17, srcPort: port, dstPort: 2055, payload }),
      }),
    )
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    await replaySoftflowd({ file: traffic, port: socket.address().port, version, args: ['-A', 'milli'] })
    await sleep(200)
    const exports = join(folder, 'exports.pcap')
    await writeFile(exports, pcapFile(frames))

    const counted = await launch(['replay', exports, '--count-only', '-o', 'json'])
    expect(JSON.parse(counted.stdout)).toMatchObject({
      datagrams: frames.length,
      exporters: 1,
      sets_without_template: 0,
      protocols: {
        [protocol]: { flows: sum.flows.size, flow_packets: sum.all.packets, flow_bytes: sum.all.bytes, malformed: 0 },
      },
    })

    await using weir = await startWeir({ folder: join(folder, 'weir') })
    const sent = await launch(['replay', exports, '--to', `127.0.0.1:${weir.ports.netflow}`, '--speed', 'max'])
    expect(sent).toMatchObject({ code: 0, stderr: '' })
    expect(await compareStored(weir, sum, { families: [4, 6] })).toEqual([])
  })
})
