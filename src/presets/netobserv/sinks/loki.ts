import { PresetProblem } from '../../given.ts'
import { durationText, reads, type Assembly, type Branch, type Settings } from '../branch.ts'
import type { Write } from '../flp-file.ts'
import { flag, object, text } from '../shape.ts'

/** The part of Prometheus' HTTP client configuration that has an equivalent. */
const clientConfig = object(
  {
    basic_auth: object({ username: text, password: text, password_file: text }),
    authorization: object({ type: text, credentials: text, credentials_file: text }),
    bearer_token: text,
    bearer_token_file: text,
    tls_config: object({
      ca_file: text,
      cert_file: text,
      key_file: text,
      server_name: text,
      insecure_skip_verify: flag,
    }),
  },
  { open: true },
)

const times: Readonly<Record<string, string>> = {
  TimeReceived: 'time_received',
  TimeFlowStartMs: 'time_start',
  TimeFlowEndMs: 'time_end',
}

const pushPath = '/loki/api/v1/push'

export function lokiSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Write['loki']>,
  path: string,
  assembly: Assembly,
): void {
  const { report } = assembly
  const { url = '', tenantID = '', labels, staticLabels = {}, format = 'json', clientProtocol = 'http' } = settings
  if (url === '') throw new PresetProblem(`${path}.url: the URL is required`)
  if (clientProtocol === 'grpc')
    report.refuse(`${path}.clientProtocol`, 'gRPC is not supported; use the HTTP address of Loki')
  if (format !== 'json') report.refuse(`${path}.format`, `\`${format}\` is not supported; each line is JSON`)
  report.noteAll(path, settings, {
    maxRetries: 'without effect; a batch is repeated as long as it is retained (`retain`, `delivery.max_elapsed`)',
    reorder: 'without effect; the order of keys is always the same',
    grpcConfig: 'without effect over HTTP',
  })
  const { timestampLabel = 'TimeReceived', batchSize = 102_400 } = settings
  const timestamp = times[timestampLabel]
  if (timestamp === undefined)
    report.refuse(`${path}.timestampLabel`, `\`${timestampLabel}\` is no time; ignored, TimeFlowEndMs is used`)
  if ((settings.ignoreList ?? []).length > 0)
    report.refuse(`${path}.ignoreList`, 'fields are not left out of lines; ignored, they stay in them')
  if (Object.keys(staticLabels).length === 0)
    report.note(`${path}.staticLabels`, 'not set; every stream has the label app=netobserv-flowcollector')
  assembly.sinks[assembly.id(name)] = {
    type: 'loki',
    url: url.replace(/\/+$/, '').replace(pushPath, ''),
    tenant: tenantID,
    labels: labels ?? [],
    ...(Object.keys(staticLabels).length === 0 ? {} : { static_labels: staticLabels }),
    ...(timestamp === undefined ? {} : { timestamp }),
    request_bytes: `${Math.max(batchSize, 1024)}B`,
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...credentials(settings.clientConfig, name, `${path}.clientConfig`, assembly),
    ...(settings.timeout === undefined ? {} : { timeout: durationText(settings.timeout) }),
    delivery: delivery(settings),
    ...reads(branch),
  }
}

function delivery({ batchWait = 1000, minBackoff, maxBackoff }: NonNullable<Write['loki']>): Settings {
  return {
    wait: durationText(batchWait),
    ...(minBackoff === undefined ? {} : { retry_initial: durationText(minBackoff) }),
    ...(maxBackoff === undefined ? {} : { retry_max: durationText(Math.max(maxBackoff, minBackoff ?? 0)) }),
  }
}

function credentials(given: unknown, name: string, path: string, assembly: Assembly): Settings {
  if (given === undefined) return {}
  const problems: string[] = []
  const config = clientConfig(given, path, problems) ?? {}
  for (const problem of problems) assembly.report.refuse(path, problem)
  const { basic_auth: basic, authorization, tls_config: tls } = config
  const secretOf = (value: string | undefined, path: string | undefined, what: string) =>
    path !== undefined && path !== ''
      ? `file:${path}`
      : value === undefined
        ? undefined
        : assembly.secret(`${name}-${what}`, value)
  const token = secretOf(
    authorization?.credentials ?? config.bearer_token,
    authorization?.credentials_file ?? config.bearer_token_file,
    'token',
  )
  const password = secretOf(basic?.password, basic?.password_file, 'password')
  return {
    ...(token === undefined ? {} : { auth: { type: 'bearer', token } }),
    ...(password === undefined ? {} : { auth: { type: 'basic', user: basic?.username ?? '', password } }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...file('ca_file', tls.ca_file),
            ...file('cert_file', tls.cert_file),
            ...file('key_file', tls.key_file),
            ...file('server_name', tls.server_name),
            ...(tls.insecure_skip_verify === true ? { verify: false } : {}),
          },
        }),
  }
}

function file(key: string, value: string | undefined): Settings {
  return value === undefined || value === '' ? {} : { [key]: value }
}
