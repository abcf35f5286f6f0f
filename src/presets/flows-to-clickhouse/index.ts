/** Flags of NetObserv's example consumer (Kafka to ClickHouse), with the logins that it lacks. Pure. */
import { PresetProblem, truthOf, withoutLogin } from '../given.ts'

export { PresetProblem } from '../given.ts'

/** Without secrets: these are variables only. */
export type FlowsToClickHouseFlags = Readonly<{
  kafkaurl?: string
  clickhouseurl?: string
  loglevel?: string
  topic?: string
  group?: string
  kafkaTls?: boolean
  kafkaCa?: string
  kafkaCert?: string
  kafkaKey?: string
  kafkaSasl?: string
  kafkaUser?: string
  database?: string
  user?: string
  ca?: string
  cert?: string
  key?: string
}>

export type FlowsToClickHouseInput = Readonly<{
  flags: FlowsToClickHouseFlags
  env: Readonly<Record<string, string | undefined>>
  data: string
}>

export type FlowsToClickHousePlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  notes: readonly string[]
}>

const usual = { topic: 'flows-export', group: 'to-clickhouse', brokerPort: '9092', httpPort: '8123', tlsPort: '8443' }
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512']
const levels: Readonly<Record<string, string>> = {
  panic: 'error',
  fatal: 'error',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
}

type Setting = (flag: string | undefined, variable: string) => string | undefined

/** A flag overrides its variable; empty ones count as unset. Throws PresetProblem. */
export function flowsToClickHousePreset({ flags, env, data }: FlowsToClickHouseInput): FlowsToClickHousePlan {
  const setting: Setting = (flag, variable) => [flag, env[variable]].map((text) => text?.trim()).find((text) => text)
  const level = setting(flags.loglevel, 'LOG_LEVEL') ?? 'info'
  const knownLevel = levels[level.toLowerCase()]
  const url = setting(flags.clickhouseurl, 'CLICKHOUSE_URL')
  return {
    config: {
      data: data.startsWith('/') || data.startsWith('.') ? data : `./${data}`,
      ops: '0.0.0.0:8081',
      log: { level: knownLevel ?? 'info' },
      store: { enabled: 'none' },
      sources: {
        flows: {
          ...kafkaOf(flags, setting),
          // An offset is committed when the rows are in ClickHouse: the folder needs no volume.
          ...(url === undefined ? {} : { ack: 'sink:clickhouse' }),
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks:
        url === undefined
          ? { stdout: { codec: 'netobserv-json', from: ['flows'], when_behind: 'block' } }
          : { clickhouse: clickhouseOf(url, flags, setting) },
    },
    notes: [
      ...(knownLevel === undefined ? [`-loglevel ${level} is unknown: info applies.`] : []),
      ...(url === undefined ? ['-clickhouseurl is empty: flows are printed to standard output.'] : []),
    ],
  }
}

function kafkaOf(flags: FlowsToClickHouseFlags, setting: Setting): object {
  const brokers = setting(flags.kafkaurl, 'KAFKA_URL')
  if (brokers === undefined)
    throw new PresetProblem('-kafkaurl is not set; it is the address of a broker, such as kafka:9092')
  const tls = tlsOf('KAFKA', setting(flags.kafkaCa, 'KAFKA_CA_FILE'), {
    cert: setting(flags.kafkaCert, 'KAFKA_CERT_FILE'),
    key: setting(flags.kafkaKey, 'KAFKA_KEY_FILE'),
  })
  const isSecure = truthOf(flags.kafkaTls ?? setting(undefined, 'KAFKA_TLS') ?? false, 'KAFKA_TLS')
  const mechanism = setting(flags.kafkaSasl, 'KAFKA_SASL')?.toLowerCase()
  if (mechanism !== undefined && !mechanisms.includes(mechanism))
    throw new PresetProblem(`KAFKA_SASL is \`${mechanism}\`; it must be one of ${mechanisms.join(', ')}`)
  const user = setting(flags.kafkaUser, 'KAFKA_USER')
  if ((mechanism === undefined) !== (user === undefined))
    throw new PresetProblem(
      mechanism === undefined
        ? `KAFKA_USER is set, but KAFKA_SASL is not; it must be one of ${mechanisms.join(', ')}`
        : 'KAFKA_SASL is set, but KAFKA_USER is not',
    )
  return {
    type: 'kafka',
    brokers: brokers.split(',').map((part) => brokerOf(part.trim())),
    topics: [setting(flags.topic, 'KAFKA_TOPIC') ?? usual.topic],
    group: setting(flags.group, 'KAFKA_GROUP') ?? usual.group,
    offset: 'oldest',
    codec: 'netobserv-json',
    ...(mechanism === undefined ? {} : { auth: { type: mechanism, user, password: passwordOf('KAFKA', setting) } }),
    ...(isSecure || tls !== undefined ? { tls: tls ?? {} } : {}),
  }
}

function brokerOf(text: string): string {
  const broker = /:\d+$/.test(text) ? text : `${text}:${usual.brokerPort}`
  if (!/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):\d{1,5}$/.test(broker))
    throw new PresetProblem(
      `-kafkaurl has \`${withoutLogin(text)}\`, which is no address of a broker, such as kafka:9092`,
    )
  return broker
}

function clickhouseOf(text: string, flags: FlowsToClickHouseFlags, setting: Setting): object {
  const url = urlOf(text)
  const user = setting(flags.user, 'CLICKHOUSE_USER')
  const tls = tlsOf('CLICKHOUSE', setting(flags.ca, 'CLICKHOUSE_CA_FILE'), {
    cert: setting(flags.cert, 'CLICKHOUSE_CERT_FILE'),
    key: setting(flags.key, 'CLICKHOUSE_KEY_FILE'),
  })
  if (tls !== undefined && url.startsWith('http:'))
    throw new PresetProblem(`certificates are set, but ${url} is plain HTTP: write https:// in front of -clickhouseurl`)
  const hasPassword = ['CLICKHOUSE_PASSWORD', 'CLICKHOUSE_PASSWORD_FILE'].some((name) => setting(undefined, name))
  const auth =
    user === undefined && !hasPassword
      ? undefined
      : hasPassword
        ? { type: 'basic', user: user ?? 'default', password: passwordOf('CLICKHOUSE', setting) }
        : tls !== undefined && 'cert_file' in tls
          ? { type: 'certificate', user }
          : undefined
  if (user !== undefined && auth === undefined)
    throw new PresetProblem('a user is set without its login: set CLICKHOUSE_PASSWORD, or a client certificate')
  return {
    url,
    database: setting(flags.database, 'CLICKHOUSE_DATABASE') ?? 'default',
    table_prefix: '',
    layout: 'netobserv-example',
    from: ['flows'],
    when_behind: 'block',
    delivery: { wait: '1s', retry_max: '10s' },
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
  }
}

/** The original's form is `host:9000`. */
function urlOf(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url === null || url.hostname === '' || !['http:', 'https:'].includes(url.protocol))
    throw new PresetProblem(
      `-clickhouseurl is \`${withoutLogin(text)}\`; it must be a host and port, such as clickhouse:8123`,
    )
  if (url.username !== '' || url.password !== '')
    throw new PresetProblem(
      '-clickhouseurl contains a login, which would be visible: set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
    )
  if (url.port === '9000' || url.port === '9440')
    throw new PresetProblem(
      `-clickhouseurl has port ${url.port}, where ClickHouse speaks its native protocol. Weir uses the HTTP ` +
        `interface of the same server: ${url.hostname}:${usual.httpPort}, or ` +
        `https://${url.hostname}:${usual.tlsPort} with TLS`,
    )
  const isSecure = url.protocol === 'https:'
  // URL drops the usual port of a scheme.
  const hasPort = /:\d+\/?$/.test(text)
  const port =
    url.port !== '' ? url.port : hasPort ? (isSecure ? '443' : '80') : isSecure ? usual.tlsPort : usual.httpPort
  return `${url.protocol}//${url.hostname}:${port}`
}

function tlsOf(
  prefix: string,
  authorities: string | undefined,
  { cert, key }: { cert: string | undefined; key: string | undefined },
): Readonly<Record<string, string>> | undefined {
  if ((cert === undefined) !== (key === undefined))
    throw new PresetProblem(`${prefix}_CERT_FILE and ${prefix}_KEY_FILE go together; one is missing`)
  const settings = {
    ...(authorities === undefined ? {} : { ca_file: authorities }),
    ...(cert === undefined || key === undefined ? {} : { cert_file: cert, key_file: key }),
  }
  return Object.keys(settings).length === 0 ? undefined : settings
}

function passwordOf(prefix: string, setting: Setting) {
  const file = setting(undefined, `${prefix}_PASSWORD_FILE`)
  if (file !== undefined) return `file:${file}`
  if (setting(undefined, `${prefix}_PASSWORD`) !== undefined) return `env:${prefix}_PASSWORD`
  throw new PresetProblem(`${prefix}_PASSWORD is not set`)
}
