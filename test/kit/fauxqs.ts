// SQS and SNS in memory, in this process (npm fauxqs).
import { readFileSync } from 'node:fs'
import { buildApp } from 'fauxqs'
import { awsServer, region, type AwsServer } from './aws-server.ts'
import type { Against } from './proof.ts'

export const againstFauxqs = (system: string): Against => ({ system, server: 'fauxqs', version: () => fauxqs.version })
const fauxqs = JSON.parse(readFileSync(new URL('../../node_modules/fauxqs/package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}

export async function startFauxqs(): Promise<AwsServer> {
  const app = buildApp({ logger: false, defaultRegion: region })
  await app.ready()
  return awsServer({
    account: '000000000000',
    async pass(url, headers, payload) {
      const {
        statusCode: status,
        body,
        headers: answered,
      } = await app.inject({ method: 'POST', url, headers, payload })
      return { status, body, type: String(answered['content-type']) }
    },
    close: () => app.close(),
  })
}
