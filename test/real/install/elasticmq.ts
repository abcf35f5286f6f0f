// ElasticMQ, a server of SQS, is fetched from Maven Central as jars (40 MB).
import type { Installed } from './apt.ts'
import { installJars } from './jars.ts'
import { sayInstalled } from './say.ts'

export const elasticmq = { name: 'elasticmq', version: '1.6.12' } as const

export function installElasticmq(): Promise<Installed> {
  return installJars({ ...elasticmq, artifacts: [`org.elasticmq:elasticmq-server_2.13:${elasticmq.version}`] })
}

await sayInstalled(import.meta.url, elasticmq.name, installElasticmq)
