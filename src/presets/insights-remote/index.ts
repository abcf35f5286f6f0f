/** Flags and environment of insights-remote. Pure. */
import { PresetProblem } from '../given.ts'
import { brokerOf } from './broker.ts'
import { trackOf } from './dependency-track.ts'
import { Reader, type Environment, type Flags } from './settings.ts'

export { PresetProblem } from '../given.ts'
export { settings, tokenFlags, type Setting } from './flags.ts'
export type { Flags } from './settings.ts'

export type InsightsRemoteInput = Readonly<{
  flags: Flags
  env: Environment
  data: string
}>

export type InsightsRemotePlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  files: Readonly<Record<string, string>>
  notes: readonly string[]
}>

/** Name of the election of insights-remote, so that it and Weir exclude each other. */
const leaseName = 'ac8a682b.lagoon.sh'
const secretFile = 'insights-remote-token-secret'
const previousVariable = 'INSIGHTS_TOKEN_SECRET_PREVIOUS'
const levels: Readonly<Record<string, string>> = { debug: 'debug', info: 'info', error: 'error', panic: 'error' }

export function insightsRemotePreset({ flags, env, data }: InsightsRemoteInput): InsightsRemotePlan {
  const read = new Reader(flags, env)
  const folder = data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
  for (const name of ['verify', 'metricsSecure', 'http2', 'logDevel'] as const) read.truth(name)
  for (const name of ['concurrent', 'reconnect'] as const) read.count(name, 1_000_000)
  const broker = read.truth('rabbit') ? brokerOf(read, folder) : undefined
  const secret = secretOf(read, env, folder)
  const track = trackOf(read, folder)
  const isBurning = read.truth('burn')
  const isAwaited = broker !== undefined || Object.keys(track.awaited).length > 0
  return {
    config: {
      data: folder,
      ops: opsOf(read),
      // With several replicas a Service sends requests to a stopping one until its health is known.
      ...(read.truth('elect') && read.truth('web') ? { drain: '5s' } : {}),
      log: { format: 'json', level: levelOf(read.text('logLevel')) },
      store: { enabled: 'none' },
      sources: {
        insights: {
          type: 'lagoon-insights',
          configmaps: read.truth('configmaps'),
          burn: isBurning && isAwaited,
          clear_deferred: read.truth('deferred'),
          ...marksOf(read),
          listen: read.truth('web') ? `0.0.0.0:${portOf(read)}` : 'off',
          tokens: read.truth('tokens'),
          ...secret.settings,
          ...(read.text('targetLabel') === '' ? {} : { target_label: read.text('targetLabel') }),
          ...(read.truth('strict') ? { strict: true } : {}),
          ...(read.truth('weak') ? { allow_weak_secret: true } : {}),
          ...(read.truth('elect') ? { lease: { name: leaseName } } : {}),
          ...(broker === undefined ? {} : { ack: 'sink:lagoon' }),
          ...track.awaited,
          ...(read.truth('scan') ? { scanner: { image: read.text('scanImage'), env: read.pairs('scanEnv') } } : {}),
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {
        ...(broker === undefined
          ? { printed: { type: 'stdout', from: ['insights'] } }
          : {
              lagoon: {
                ...broker.sink,
                repair: !read.truth('strict'),
                from: ['insights'],
                when_behind: 'block',
                delivery: { retry_max: '30s', bytes: '1MiB' },
              },
            }),
        ...track.sinks,
      },
    },
    files: { ...secret.files, ...broker?.files, ...track.files },
    notes: [
      ...(isBurning && !isAwaited
        ? ['ConfigMaps are not deleted: without RabbitMQ their reports are not delivered.']
        : []),
      ...(read.text('metrics') !== '0' && read.truth('metricsSecure')
        ? ['Metrics are served over plain HTTP without authorization: limit access with a NetworkPolicy.']
        : []),
    ],
  }
}

type Secret = Readonly<{
  settings: Readonly<Record<string, string>>
  files: Readonly<Record<string, string>>
}>

function secretOf(read: Reader, env: Environment, folder: string): Secret {
  if (!read.truth('web') && !read.truth('tokens')) return { settings: {}, files: {} }
  const { value, by } = read.given('tokenSecret')
  if (value === '')
    throw new PresetProblem(
      'INSIGHTS_TOKEN_SECRET is not set: set at least 32 random bytes. insights-remote would use `testsecret`, with ' +
        'which anyone can forge tokens',
    )
  const isVariable = by === 'INSIGHTS_TOKEN_SECRET'
  const hasPrevious = (env[previousVariable] ?? '') !== ''
  return {
    settings: {
      token_secret: isVariable ? `env:${by}` : `file:${folder}/${secretFile}`,
      ...(hasPrevious ? { previous_secret: `env:${previousVariable}` } : {}),
    },
    files: isVariable ? {} : { [secretFile]: value },
  }
}

/** Only where they are set: marks have no other effect than in insights-remote, because delivery continues. */
function marksOf(read: Reader): object {
  if (!read.isGiven('retries') && !read.isGiven('retryMinutes') && !read.truth('strict')) return {}
  const minutes = read.count('retryMinutes', 1440)
  return { retry_marks: { max: read.count('retries', 1000), wait: `${Math.max(60, minutes * 60)}s` } }
}

function portOf(read: Reader) {
  const port = read.count('port', 65_535)
  if (port === 0) throw new PresetProblem(`${read.given('port').by} is 0; it must be 1 to 65535`)
  return port
}

function opsOf(read: Reader): string | readonly string[] {
  const places = (['probes', 'metrics'] as const).flatMap((name) => {
    const { value, by = '' } = read.given(name)
    if (value === '0' || value === '') return []
    const port = /^(.*):(\d{1,5})$/.exec(value)
    if (port === null) throw new PresetProblem(`${by} is \`${value}\`; it must be HOST:PORT, or :PORT`)
    return [`${port[1] === '' ? '0.0.0.0' : port[1]}:${port[2]}`]
  })
  const different = [...new Set(places)]
  return different.length === 0 ? 'off' : different
}

function levelOf(written: string) {
  const level = levels[written] ?? (/^\d+$/.test(written) ? 'debug' : undefined)
  if (level === undefined)
    throw new PresetProblem(`--zap-log-level is \`${written}\`; it must be debug, info, error, panic or a number`)
  return level
}
