import { Metadata } from '@grpc/grpc-js'
import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInOrder } from '../../engine/delivery/in-order.ts'
import { sinkRows } from '../../engine/delivery/rows.ts'
import { openGrpcClient, type GrpcClient } from '../../net/grpc-client.ts'
import { readTls } from '../../net/tls.ts'
import type { NetobservSinkConfig, netobservSinkSchema } from './config.ts'
import { genericMap, outcomeOf, probeOf } from './map-collector.ts'

export const sink = defineSink<typeof netobservSinkSchema>('netobserv', {
  accepts: ['flows'],
  idempotency: 'none',
  async build(config, context) {
    const tls = await readTls(config.tls, context.host.disk)
    return collectorSink(config, context, openGrpcClient(config.url, { port: 9999, tls, compressed: false }))
  },
})

const none = new Uint8Array(0)

function collectorSink(config: NetobservSinkConfig, { host: { clock } }: Context, client: GrpcClient): Sink {
  const { url, tcp_flags, netobserv_fields, timeout, concurrency: window } = config
  const form = flowForm({ codec: 'netobserv-json', tcp_flags, netobserv_fields })
  const call = (method: string, body: Uint8Array, signal: AbortSignal) =>
    client.call({
      method: `/genericmap.Collector/${method}`,
      body,
      metadata: new Metadata(),
      deadline: clock.now() + timeout,
      signal,
    })
  return {
    send: (batch, signal) =>
      deliverInOrder(sinkRows(batch, form), { window, budgetMs: timeout, clock, signal }, async ({ event }) =>
        outcomeOf(url, await call('Send', genericMap(event.data ?? none), signal)),
      ),
    // No collector has this method, so that none receives a flow.
    probe: async (signal) => probeOf(url, await call('Probe', none, signal)),
    *preview(batch) {
      for (const { event } of sinkRows(batch, form)) yield { to: url, body: event.data ?? none }
    },
    close: () => Promise.resolve(client.close()),
  }
}
