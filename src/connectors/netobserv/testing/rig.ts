import grpc from '@grpc/grpc-js/package.json' with { type: 'json' }
import { status } from '@grpc/grpc-js'
import { asFlows, flowNamespace } from '../../../../test/conformance/as-flows.ts'
import type { Answer } from '../../../../test/conformance/source.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { flow, records } from '../../../codecs/pbflow/testing/messages.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { configFrom } from '../../../schema/index.ts'
import { netobservSchema, netobservSinkSchema } from '../config.ts'
import { sink } from '../sink.ts'
import { source } from '../source.ts'
import { agentClient } from './agent.ts'
import { collector } from './collector.ts'

async function start(): Promise<OtherSide> {
  const other = await collector()
  let [refusing, silent] = [false, false]
  let untilCut = Infinity
  other.reply = () => {
    if (refusing) return status.UNAVAILABLE
    if (silent) return 'silence'
    return --untilCut === 0 ? 'cut' : status.OK
  }
  return {
    build: async (context, timeoutMs) =>
      asFlows(
        await sink.build(configFrom(netobservSinkSchema, { url: other.url, timeout: `${timeoutMs}ms` }), context),
      ),
    received: () => Promise.resolve(other.flows.map(({ SrcK8S_Name: name }) => String(name))),
    async refuse(on) {
      refusing = on
      await (on ? other.stop() : other.restart())
    },
    slow: (on) => Promise.resolve(void (silent = on)),
    disconnectAfter: (events) => Promise.resolve(void (untilCut = events)),
    shows: flowNamespace,
    restart: () => other.restart(),
    stop: () => other.stop(),
  }
}

const answers: Readonly<Record<number, Answer>> = {
  [status.OK]: 'accepted',
  [status.INVALID_ARGUMENT]: 'refused',
}

export const rig: Rig = {
  sources: [
    {
      name: 'netobserv',
      harness: {
        order: 'as received',
        async build(context, address) {
          const listen = address?.slice('grpc://'.length) ?? '127.0.0.1:0'
          const built = await source.build(configFrom(netobservSchema, { listen, wait: '200ms' }), context)
          const client = agentClient(built.addresses[0] ?? '')
          const send = async (message: Uint8Array): Promise<Answer> =>
            answers[(await client.send(message)).code] ?? 'retry'
          return {
            source: built,
            send: (numbers) => send(records(...numbers.map((number) => flow([], { ports: [number, 443] })))),
            sendMalformed: () => send(Buffer.from('no message of any kind')),
            close: () => Promise.resolve(client.close()),
          }
        },
        numbersIn(unit) {
          const ports =
            unit.kind === 'flows' ? (decodeBatch('flows', unit.raw) as FlowBatch).columns['src_port'] : undefined
          return ports?.kind === 'u16' ? [...ports.values] : []
        },
      },
      against: { system: 'netobserv', server: 'client of grpc-js', standIn: true },
    },
  ],
  sinks: [
    {
      name: 'netobserv',
      harness: { accepts: sink.accepts, idempotency: sink.idempotency, start },
      against: {
        system: 'netobserv-sink',
        server: 'a server on @grpc/grpc-js',
        standIn: true,
        version: () => grpc.version,
        unordered: true,
      },
    },
  ],
}
