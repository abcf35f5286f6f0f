import grpc from '@grpc/grpc-js/package.json' with { type: 'json' }
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { configFrom } from '../../../schema/index.ts'
import { otlpSchema } from '../config.ts'
import { sink as otlp } from '../sink.ts'
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

export const rig: Rig = {
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
