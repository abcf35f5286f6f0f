import type { Command } from 'commander'
import { self } from '../host/process.ts'
import type { FlowsToClickHouseFlags } from '../presets/flows-to-clickhouse/index.ts'
import { action } from './client.ts'
import { presetHelp, runPreset, withPresetFlags, type PresetFlags } from './preset.ts'

type Flags = FlowsToClickHouseFlags & PresetFlags

const name = 'flows-to-clickhouse'
const originalFlag = /^-(?:kafkaurl|clickhouseurl|loglevel)(?:=|$)/

export function register(program: Command): void {
  const command = program
    .command(name)
    .description(
      "Replace NetObserv's example consumer: read enriched flows from Kafka and write them into ClickHouse. The " +
        'first three flags are its own; one dash works, too.',
    )
    .option('--kafkaurl <BROKERS>', 'brokers, separated by commas; default port 9092 (KAFKA_URL)')
    .option('--clickhouseurl <HOST:PORT>', 'HTTP interface of ClickHouse; empty: print flows (CLICKHOUSE_URL)')
    .option('--loglevel <LEVEL>', 'lowest logged level (LOG_LEVEL; default info)')
    .option('--topic <TOPIC>', 'topic of the flows (KAFKA_TOPIC; default flows-export)')
    .option('--group <GROUP>', 'consumer group (KAFKA_GROUP; default to-clickhouse)')
    .option('--kafka-tls', "TLS to Kafka with the system's authorities (KAFKA_TLS)")
    .option('--kafka-ca <FILE>', 'authorities of Kafka, PEM (KAFKA_CA_FILE)')
    .option('--kafka-cert <FILE>', 'client certificate for Kafka, PEM (KAFKA_CERT_FILE)')
    .option('--kafka-key <FILE>', 'key of the certificate, PEM (KAFKA_KEY_FILE)')
    .option('--kafka-sasl <MECHANISM>', 'plain, scram-sha-256 or scram-sha-512 (KAFKA_SASL)')
    .option('--kafka-user <USER>', 'user of Kafka (KAFKA_USER)')
    .option('--database <NAME>', 'database of the table (CLICKHOUSE_DATABASE; default default)')
    .option('--user <USER>', 'user of ClickHouse (CLICKHOUSE_USER)')
    .option('--ca <FILE>', 'authorities of ClickHouse, PEM (CLICKHOUSE_CA_FILE)')
    .option('--cert <FILE>', 'client certificate for ClickHouse, PEM (CLICKHOUSE_CERT_FILE)')
    .option('--key <FILE>', 'key of the certificate, PEM (CLICKHOUSE_KEY_FILE)')
  withPresetFlags(command)
    .addHelpText(
      ...presetHelp({
        name,
        original: 'the example consumer',
        commands: [
          `weir ${name} -kafkaurl kafka.netobserv:9092 -clickhouseurl clickhouse.default:8123`,
          `CLICKHOUSE_PASSWORD=… weir ${name} -kafkaurl kafka:9093 --kafka-tls \\
      -clickhouseurl https://clickhouse:8443 --user weir --print-config`,
        ],
        exits: { 1: 'start failure', 2: 'usage error or invalid settings' },
        about: `Passwords are variables: CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE,
KAFKA_PASSWORD or KAFKA_PASSWORD_FILE.`,
      }),
    )
    .action(action(run))
}

export function withOriginalFlags(args: readonly string[]): string[] {
  return args[0] === name ? args.map((arg) => (originalFlag.test(arg) ? `-${arg}` : arg)) : [...args]
}

async function run(flags: Flags) {
  await runPreset(flags, {
    name,
    invalid: 2,
    exitCode: () => 1,
    async plan(folder) {
      const { flowsToClickHousePreset } = await import('../presets/flows-to-clickhouse/index.ts')
      return {
        ...flowsToClickHousePreset({ flags, env: self.env, data: folder }),
        fresh: 'flows are read from the committed offsets of the group, which ClickHouse has.',
      }
    },
  })
}
