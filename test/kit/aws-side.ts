// The other side of a sink of SQS or SNS for the conformance suite: a place in fauxqs, from which a queue gets what is sent.
import type { Context, Sink } from '../../src/engine/ports.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import type { OtherSide } from '../conformance/sink.ts'
import type { Fauxqs } from './fauxqs.ts'

export interface AwsPlace {
  /** Of the queue in which messages end up; of a FIFO one it ends in `.fifo`. */
  readonly name: string
  /** Builds the sink, which speaks to this port. */
  build(port: number, context: Context, timeoutMs: number): Promise<Sink>
  /** The place is gone, and there again. */
  drop(): Promise<void>
  make(): Promise<unknown>
  /** What each message of a request begins with on the wire. */
  readonly mark: string
}

export async function awsSide(server: Fauxqs, { name, build: buildAt, drop, make, mark }: AwsPlace): Promise<OtherSide> {
  const proxy = await cutProxy(server.port)
  const taken: string[] = []
  const received = async (): Promise<string[]> => {
    for (const { Body = '' } of await server.take(name)) taken.push((JSON.parse(Body) as { id: string }).id)
    return taken
  }
  const build: OtherSide['build'] = (context, timeoutMs) => buildAt(proxy.port, context, timeoutMs)
  return {
    build,
    received,
    // FIFO drops what it had within five minutes; of anything else the consumer tells repeats by source and id.
    held: async () => (name.endsWith('.fifo') ? received() : [...new Set(await received())]),
    refuse: async (on) => { await (on ? drop() : make()) },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, mark)),
    fail: (ids) => Promise.resolve(server.fail([...ids].map((id) => `"id":"${id}"`))),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(300_000))) }),
    async duplicateAck() {
      const other = await build(testContext(), 10_000)
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}
