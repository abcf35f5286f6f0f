import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import type { SourceContext } from '../../engine/ports.ts'
import { realHost } from '../../host/index.ts'
import type { Unit } from '../../journal/types.ts'
import { configFrom } from '../../schema/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { sflowSchema } from './config.ts'
import { openSflow } from './source.ts'

const sample = Buffer.from('0000000500000001c0000201000000000000004d000927c000000000', 'hex')

function make() {
  const host = realHost()
  const units: Omit<Unit, 'source'>[] = []
  const shed: Record<string, number> = {}
  const lines: string[] = []
  const metrics = new MetricStore({ strict: true })
  const line = (message: string): void => void lines.push(message)
  const context: SourceContext = {
    id: 'sflow', host, epoch: 1, cursor: undefined, metrics, log: { debug: line, info: line, warn: line, error: line },
    async append(unit) {
      units.push(unit)
      return { position: { sequence: 1, row: 0 }, epoch: 1, sourceSequence: 1 }
    },
    shed: (reason, rows) => { shed[reason] = (shed[reason] ?? 0) + rows },
  }
  return { context, host, units, shed, lines, metrics }
}

test('datagrams are counted, and the counts are in the journal when the source has stopped', async () => {
  const { context, host, units, shed, lines, metrics } = make()
  const source = await openSflow(configFrom(sflowSchema, { listen: '127.0.0.1:0', receive_buffer: '64KiB' }), context)
  const stop = new AbortController()
  const running = source.run(stop.signal)
  const socket = createSocket('udp4')
  const port = Number(source.addresses[0]?.split(':').at(-1))
  for (const bytes of [sample, sample, sample, Buffer.of(0, 0, 0, 5), Buffer.from('hello')]) {
    await new Promise<void>((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()))
  }
  socket.close()
  while (metrics.value('weir_sflow_datagrams_total', { source: 'sflow' }) < 5) await host.timers.sleep(1)
  stop.abort()
  await running
  expect(shed).toEqual({ undecoded: 3, malformed: 2 })
  expect(metrics.value('weir_sflow_received_bytes_total', { source: 'sflow' })).toBe(3 * 28 + 4 + 5)
  expect(units).toMatchObject([{ stream: 'sflow', kind: 'empty', count: 0 }])
  expect(lines).toEqual(['An sFlow agent sends datagrams; they are counted as undecoded, because their codec is not built yet.'])
  expect(source.status().listeners).toMatchObject([{ kernelDrops: 0 }])
})

test('nothing is written when nothing came, and `off` opens nothing', async () => {
  const { context, units } = make()
  const source = await openSflow(configFrom(sflowSchema, { listen: 'off' }), context)
  expect(source.addresses).toEqual([])
  await source.run(AbortSignal.abort())
  expect(units).toEqual([])
})

test('the usual port is 6343 on every address', () => {
  expect(configFrom(sflowSchema, {}).listen).toEqual([{ host: '0.0.0.0', port: 6343 }])
})
