// SQS and SNS in memory, in this process (npm fauxqs).
import { buildApp } from 'fauxqs'
import { awsServer, region, type AwsServer } from './aws-server.ts'

export async function startFauxqs(): Promise<AwsServer> {
  const app = buildApp({ logger: false, defaultRegion: region })
  await app.ready()
  return awsServer({
    account: '000000000000',
    async pass(url, headers, payload) {
      const { statusCode: status, body, headers: answered } = await app.inject({ method: 'POST', url, headers, payload })
      return { status, body, type: String(answered['content-type']) }
    },
    close: () => app.close(),
  })
}
