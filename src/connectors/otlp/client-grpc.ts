import { Metadata } from '@grpc/grpc-js'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { openGrpcClient } from '../../net/grpc-client.ts'
import { Credentials } from '../../net/http/credentials.ts'
import { readTls } from '../../net/tls.ts'
import type { Exporter } from './client.ts'
import type { OtlpConfig } from './config.ts'
import { acceptedOf, grpcOutcome } from './map.ts'

const methods = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
} as const
const unauthenticated = 16

export async function openGrpc(config: OtlpConfig, host: Host): Promise<Exporter> {
  const client = openGrpcClient(config.url, {
    port: 4317,
    tls: await readTls(config.tls, host.disk),
    compressed: config.compression === 'gzip',
  })
  const login = new Credentials(config.auth, host.clock)
  return {
    to: config.url,
    async export(body, signal) {
      let authorization: string | undefined
      try {
        authorization = login.current()
      } catch (error) {
        return { is: 'retry', reason: messageOf(error), away: true }
      }
      if (signal.aborted) return { is: 'retry', reason: 'not sent: the sink is stopping', away: true }
      const metadata = new Metadata()
      for (const [name, value] of Object.entries(config.headers)) metadata.set(name, value)
      if (authorization !== undefined) metadata.set('authorization', authorization)
      const deadline = host.clock.now() + config.timeout
      const answer = await client.call({ method: methods[config.signal], body, metadata, deadline, signal })
      if (!(answer instanceof Error)) return acceptedOf(answer)
      const [status] = answer.metadata?.get('grpc-status-details-bin') ?? []
      if (answer.code === unauthenticated) login.expire()
      return grpcOutcome({
        code: answer.code,
        details: answer.details,
        status: typeof status === 'string' ? undefined : status,
      })
    },
    close: () => client.close(),
  }
}
