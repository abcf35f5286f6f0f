import { Metadata, status as grpcStatus } from '@grpc/grpc-js'
import grpc from '@grpc/grpc-js/package.json' with { type: 'json' }
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import type { Answer, SourceHarness } from '../../../../test/conformance/source.ts'
import { ProtoWriter } from '../../../codecs/proto-writer/index.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { EventBatch } from '../../../model/batches.ts'
import { eventAt } from '../../../model/events.ts'
import type { LogData } from '../../../model/points.ts'
import { openGrpcClient } from '../../../net/grpc-client.ts'
import { configFrom } from '../../../schema/index.ts'
import { otlpSchema, otlpSourceSchema } from '../config.ts'
import { sink as otlp } from '../sink.ts'
import { source as otlpSource } from '../source.ts'
import { codes, grpcReceiver, httpReceiver, type Receiver } from './receiver.ts'

async function start(open: () => Promise<Receiver>, over: 'http' | 'grpc'): Promise<OtherSide> {
  const receiver = await open()
  const received: string[] = []
  let [refusing, silent] = [false, false]
  let untilCut = Number.POSITIVE_INFINITY
  let poisonous: ReadonlySet<string> = new Set()
  receiver.reply = (logs) => {
    if (silent) return 'silence'
    if (refusing) return { http: 503, grpc: codes.UNAVAILABLE, message: 'not now' }
    const accepted = logs.filter(({ uid }) => !poisonous.has(uid))
    received.push(...accepted.map(({ uid }) => uid))
    untilCut -= logs.length
    if (untilCut <= 0) {
      untilCut = Number.POSITIVE_INFINITY
      return 'cut'
    }
    return accepted.length < logs.length
      ? { partial: logs.length - accepted.length, message: 'a record is invalid' }
      : 'accept'
  }
  const side: OtherSide = {
    build: (context, timeoutMs) =>
      otlp.build(configFrom(otlpSchema, { url: receiver.url, request_events: 7, timeout: `${timeoutMs}ms` }), context),
    received: () => Promise.resolve(received),
    held: () => Promise.resolve([...new Set(received)]),
    refuse: (on) => Promise.resolve(void (refusing = on)),
    slow: (on) => Promise.resolve(void (silent = on)),
    disconnectAfter: (events) => Promise.resolve(void (untilCut = events)),
    poison: (ids) => Promise.resolve(void (poisonous = ids)),
    restart: () => receiver.restart(),
    stop: () => receiver.stop(),
  }
  return over === 'grpc' ? side : { ...side, duplicateAck: () => Promise.resolve(void (receiver.twice = true)) }
}

function logsRequest(numbers: readonly number[]): Uint8Array {
  const writer = new ProtoWriter()
  const starts = [writer.begin(1), writer.begin(2)]
  for (const number of numbers) {
    const inner = [writer.begin(2), writer.begin(5)]
    writer.text(1, String(number))
    for (const start of inner.reverse()) writer.end(start)
  }
  for (const start of starts.reverse()) writer.end(start)
  return writer.finish()
}

const malformed = new Uint8Array([10, 255])

function httpClient(address: string): Pusher {
  const post = async (body: Uint8Array): Promise<Answer> => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const { status } = await fetch(`${address}/v1/logs`, { method: 'POST', body: new Uint8Array(body), headers })
    return status === 200 ? 'accepted' : status === 503 ? 'retry' : 'refused'
  }
  return { post, close: () => undefined }
}

type Pusher = Readonly<{ post: (body: Uint8Array) => Promise<Answer>; close: () => void }>

function grpcClient(address: string): Pusher {
  const client = openGrpcClient(address, { port: 4317, tls: undefined, compressed: false })
  const post = async (body: Uint8Array): Promise<Answer> => {
    const answer = await client.call({
      method: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      body,
      metadata: new Metadata(),
      deadline: Date.now() + 30_000,
      signal: new AbortController().signal,
    })
    if (!(answer instanceof Error)) return 'accepted'
    return answer.code === grpcStatus.UNAVAILABLE ? 'retry' : 'refused'
  }
  return { post, close: () => client.close() }
}

const exporter = (over: 'http' | 'grpc'): SourceHarness => ({
  order: 'as received',
  async build(context, address) {
    const place = address?.replace(/^\w+:\/\//, '') ?? '127.0.0.1:0'
    const places = over === 'http' ? { listen: place, grpc: 'off' } : { listen: 'off', grpc: place }
    const source = await otlpSource.build(configFrom(otlpSourceSchema, places), context)
    const { post, close } = (over === 'http' ? httpClient : grpcClient)(source.addresses[0] ?? '')
    return {
      source,
      sendMalformed: () => post(malformed),
      send: (numbers) => post(logsRequest(numbers)),
      close: () => Promise.resolve(close()),
    }
  },
  numbersIn(unit) {
    const batch = decodeBatch('events', unit.raw) as EventBatch
    return Array.from({ length: batch.count }, (_, row) => {
      const { line } = JSON.parse(Buffer.from(eventAt(batch, row).data ?? []).toString()) as LogData
      return Number(line)
    })
  },
})

export const rig: Rig = {
  sources: (['http', 'grpc'] as const).map((over) => ({
    name: `otlp ${over}`,
    harness: exporter(over),
    against: {
      system: 'otlp-source',
      server: 'client',
      standIn: true,
      part: over === 'grpc' ? 'logs over gRPC' : 'logs over HTTP',
    },
  })),
  sinks: (['http', 'grpc'] as const).map((over) => ({
    name: `otlp ${over}`,
    harness: {
      accepts: otlp.accepts,
      idempotency: otlp.idempotency,
      start: () => start(over === 'grpc' ? () => grpcReceiver() : httpReceiver, over),
    },
    against: {
      system: 'otlp-sink',
      server: over === 'grpc' ? 'a server on @grpc/grpc-js' : 'a server of Node',
      standIn: true,
      version: () => (over === 'grpc' ? grpc.version : process.versions.node),
      part: over === 'grpc' ? 'logs over gRPC' : 'logs over HTTP',
    },
  })),
}
