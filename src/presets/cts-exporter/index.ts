/** `weir cts-exporter`: cts_exporter's flag and environment, and Knative's, as a configuration of Weir. Pure. */
import { readSettings, type CtsExporterFlags, type CtsExporterSettings } from './settings.ts'

export { PresetProblem } from '../given.ts'
export type { CtsExporterFlags } from './settings.ts'

/** Where Knative puts the token by which its sinks know who sends. */
export const oidcTokenFile = '/oidc/token'

export interface CtsExporterInput {
  readonly flags: CtsExporterFlags
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether there is {@link oidcTokenFile}. */
  readonly hasToken: boolean
  /** Data folder; what comes in variables and is wanted as a file is kept in it. */
  readonly data: string
}

export interface CtsExporterPlan {
  /** What stands in the configuration file. It holds no secret, only references to `files`. */
  readonly config: Readonly<Record<string, unknown>>
  /** Contents of files in the data folder, by their name. */
  readonly files: Readonly<Record<string, string>>
  /** What is otherwise than with cts_exporter, to be said at the start. */
  readonly notes: readonly string[]
  /** What is so where the data folder is new, to be said then. */
  readonly fresh: string
}

const passwordFile = 'cts-exporter-sink-password'
const authoritiesFile = 'cts-exporter-sink-ca.pem'

/** Throws PresetProblem, in words for the user. */
export function ctsExporterPreset({ flags, env, hasToken, data }: CtsExporterInput): CtsExporterPlan {
  const settings = readSettings(flags, env)
  const { cloud, debug, from, lease, sink } = settings
  const folder = data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
  const { sinks, files, notes } = sinksOf(settings, hasToken, folder)
  return {
    config: {
      data: folder,
      // For probes; cts_exporter has no port.
      ops: '0.0.0.0:8081',
      log: { format: 'json', ...(debug ? { level: 'debug' } : {}) },
      store: { enabled: 'none' },
      sources: {
        cts: {
          type: 'otc-cts',
          auth: { type: 'clouds', ...(cloud === undefined ? {} : { cloud }) },
          projects: projectsOf(settings),
          // `source` of events is the address of this version, as consumers know it.
          api: 'v2',
          backfill: `${from}m`,
          // What the sink does not have goes with the pod, and is told again by the next one.
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
        ? 'traces of the look-back are sent, also those that were sent before. Keep the folder over restarts, or set CTS_LEASE, so that each is sent once.'
        : `how far traces are sent is known from the Lease ${lease}, if it is there.`,
  }
}

/** None is the one that clouds.yaml names; a tracker of another name is one of a project that is named. */
function projectsOf({ tracker, project }: CtsExporterSettings): readonly object[] {
  return project === undefined ? [] : [{ ...project, trackers: [tracker] }]
}

interface Sinks {
  readonly sinks: Readonly<Record<string, unknown>>
  readonly files: Readonly<Record<string, string>>
  readonly notes: readonly string[]
}

function sinksOf(
  { sink, debug, extensions, authorities }: CtsExporterSettings,
  hasToken: boolean,
  folder: string,
): Sinks {
  if (sink === undefined) {
    return {
      sinks: debug ? { log: { type: 'stdout', from: ['cts'] } } : {},
      files: {},
      notes: [`CTS_X_PNP is off: traces are read, counted${debug ? ', printed' : ''} and sent nowhere.`],
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
        ...(auth === undefined ? {} : { auth }),
        ...(trusted === undefined ? {} : { tls: { ca_file: `${folder}/${authoritiesFile}` } }),
        ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
        // As Knative's own senders do: a service that is being put in place, or a channel, may answer so for a while.
        retry_statuses: [404, 409],
        // A trace that can't be delivered waits, and no more are read before one is lost.
        from: ['cts'],
        when_behind: 'block',
      },
    },
    files: {
      ...(auth?.type === 'basic' ? { [passwordFile]: sink.password ?? '' } : {}),
      ...(trusted === undefined ? {} : { [authoritiesFile]: trusted }),
    },
    notes: [
      ...(authorities === undefined || isSecure
        ? []
        : ['K_CA_CERTS is set, but K_SINK is plain HTTP: nothing is checked.']),
      ...(hasToken && sink.user !== undefined
        ? [`The login in K_SINK is not used: there is a token in ${oidcTokenFile}.`]
        : []),
    ],
  }
}
