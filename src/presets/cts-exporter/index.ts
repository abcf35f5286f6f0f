import { readSettings, type CtsExporterFlags, type CtsExporterSettings } from './settings.ts'
import { withoutUndefined } from '../../model/json.ts'

export { PresetProblem } from '../given.ts'
export type { CtsExporterFlags } from './settings.ts'

/** Knative's mount path of the sender's token. */
export const oidcTokenFile = '/oidc/token'

export type CtsExporterInput = Readonly<{
  flags: CtsExporterFlags
  env: Readonly<Record<string, string | undefined>>
  hasToken: boolean
  data: string
}>

export type CtsExporterPlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  files: Readonly<Record<string, string>>
  notes: readonly string[]
  fresh: string
}>

const passwordFile = 'cts-exporter-sink-password'
const authoritiesFile = 'cts-exporter-sink-ca.pem'

export function ctsExporterPreset({ flags, env, hasToken, data }: CtsExporterInput): CtsExporterPlan {
  const settings = readSettings(flags, env)
  const { cloud, debug, from, lease, sink } = settings
  const folder = data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
  const { sinks, files, notes } = sinksOf(settings, { hasToken, folder })
  return {
    config: {
      data: folder,
      ops: '0.0.0.0:8081',
      log: { format: 'json', ...(debug ? { level: 'debug' } : {}) },
      store: { enabled: 'none' },
      sources: {
        cts: {
          type: 'otc-cts',
          auth: { type: 'clouds', ...withoutUndefined({ cloud }) },
          projects: projectsOf(settings),
          // Consumers expect the address of this API version as `source`.
          api: 'v2',
          backfill: `${from}m`,
          // Undelivered traces are lost with the pod.
          ...(lease === undefined
            ? {}
            : { lease: { name: lease }, ...(sink === undefined ? {} : { ack: 'sink:knative' }) }),
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks,
    },
    files,
    notes,
    fresh:
      lease === undefined
        ? 'traces within `from` are sent, including those sent before. Keep the folder across restarts, or set ' +
          'CTS_LEASE, to send each trace once.'
        : `the Lease ${lease}, if it exists, stores the checkpoint.`,
  }
}

function projectsOf({ tracker, project }: CtsExporterSettings): readonly object[] {
  return project === undefined ? [] : [{ ...project, trackers: [tracker] }]
}

type Sinks = Readonly<{
  sinks: Readonly<Record<string, unknown>>
  files: Readonly<Record<string, string>>
  notes: readonly string[]
}>

function sinksOf(
  { sink, debug, extensions, authorities }: CtsExporterSettings,
  { hasToken, folder }: Readonly<{ hasToken: boolean; folder: string }>,
): Sinks {
  if (sink === undefined) {
    return {
      sinks: debug ? { log: { type: 'stdout', from: ['cts'] } } : {},
      files: {},
      notes: [`CTS_X_PNP is off: traces are read and counted${debug ? ' and printed' : ''}, but not sent.`],
    }
  }
  const isSecure = /^https:/i.test(sink.plain)
  const trusted = isSecure ? authorities : undefined
  const auth = hasToken
    ? { type: 'bearer', token: `file:${oidcTokenFile}` }
    : sink.user === undefined
      ? undefined
      : { type: 'basic', user: sink.user, password: `file:${folder}/${passwordFile}` }
  return {
    sinks: {
      knative: {
        type: 'http',
        url: sink.plain,
        ...withoutUndefined({ auth }),
        ...(trusted === undefined ? {} : { tls: { ca_file: `${folder}/${authoritiesFile}` } }),
        ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
        // Knative responds with these during a start.
        retry_statuses: [404, 409],
        from: ['cts'],
        when_behind: 'block',
      },
    },
    files: {
      ...(auth?.type === 'basic' ? { [passwordFile]: sink.password ?? '' } : {}),
      ...withoutUndefined({ [authoritiesFile]: trusted }),
    },
    notes: [
      ...(authorities === undefined || isSecure
        ? []
        : ['K_CA_CERTS is set, but K_SINK is plain HTTP: no certificate is verified.']),
      ...(hasToken && sink.user !== undefined
        ? [`The password in K_SINK is not used, because ${oidcTokenFile} contains a token.`]
        : []),
    ],
  }
}
