import { status } from '@grpc/grpc-js'
import type { Answer } from '../../../../test/conformance/source.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import { flow, records } from '../../../codecs/pbflow/testing/messages.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { configFrom } from '../../../schema/index.ts'
import { netobservSchema } from '../config.ts'
import { source } from '../source.ts'
import { agentClient } from './agent.ts'

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
}
