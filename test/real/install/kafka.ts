// A Kafka broker and its tools, fetched from Maven Central as jars (54 MB).
import type { Installed } from './apt.ts'
import { installJars } from './jars.ts'
import { sayInstalled } from './say.ts'

export const kafka = {
  name: 'kafka',
  version: '4.1.0',
  artifacts: [
    'org.apache.kafka:kafka_2.13:4.1.0',
    'org.apache.kafka:kafka-tools:4.1.0',
    'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3',
  ],
} as const

export function installKafka(): Promise<Installed> {
  return installJars(kafka)
}

await sayInstalled(import.meta.url, kafka.name, installKafka)
