/** Variables and the flag of cts_exporter, and what Knative puts beside them. */
import { loginOf, PresetProblem, truthOf, type Login } from '../given.ts'
import { isRecord } from '../../model/json.ts'

/** As given on the command line. */
export interface CtsExporterFlags {
  readonly from?: string
}

export interface CtsExporterSettings {
  /** Entry of clouds.yaml; undefined: the only one, or what the environment says. */
  readonly cloud: string | undefined
  readonly debug: boolean
  readonly tracker: string
  /** Undefined: the one that clouds.yaml names, with the tracker that every project has. */
  readonly project: { readonly name: string } | { readonly id: string } | undefined
  /** Minutes that the first start looks back. */
  readonly from: number
  /** Undefined: nothing is to be sent. */
  readonly sink: Login | undefined
  /** By name, as events carry them. */
  readonly extensions: Readonly<Record<string, string>>
  /** Name of the Lease by which several take turns, and which has how far they are; undefined: the folder has. */
  readonly lease: string | undefined
  /** PEM; undefined: the system's. */
  readonly authorities: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** The API has the traces of seven days. */
const mostMinutes = 10_080
const usualMinutes = 5
const usualTracker = 'system'
/** Attributes of the standard, which no extension can have the name of. */
const reserved: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data',
])

/** A variable that is empty counts as unset: Knative sets some in any case. Throws PresetProblem. */
export function readSettings(flags: CtsExporterFlags, env: Environment): CtsExporterSettings {
  const said = (name: string): string | undefined => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const truth = (name: string, otherwise: boolean): boolean => truthOf(said(name) ?? otherwise, name)
  // Read for its mistakes: there is one way here.
  truth('CTS_STREAMS', true)
  const isPushing = truth('CTS_X_PNP', true)
  const tracker = trackerOf(said('CTS_TRACKER'))
  return {
    cloud: said('OS_CLOUD'),
    debug: truth('OS_DEBUG', false),
    tracker,
    project: tracker === usualTracker ? undefined : projectOf(said),
    from: minutesOf(flags.from, said('CTS_FROM')),
    sink: isPushing ? sinkOf(said('K_SINK')) : undefined,
    extensions: extensionsOf(said('K_CE_OVERRIDES')),
    lease: said('CTS_LEASE'),
    authorities: said('K_CA_CERTS'),
  }
}

function trackerOf(given = usualTracker): string {
  if (!/^[\w-]{1,64}$/.test(given))
    throw new PresetProblem(`CTS_TRACKER is \`${given}\`; a tracker is named with letters, digits, \`-\` and \`_\``)
  return given
}

function projectOf(said: (name: string) => string | undefined): CtsExporterSettings['project'] {
  const [name, id] = [said('OS_PROJECT_NAME') ?? said('OS_TENANT_NAME'), said('OS_PROJECT_ID') ?? said('OS_TENANT_ID')]
  if (id !== undefined) return { id }
  if (name === undefined)
    throw new PresetProblem(
      `a tracker other than \`${usualTracker}\` (CTS_TRACKER) is one of a project that the environment names: set OS_PROJECT_NAME, too`,
    )
  return { name }
}

/** `-from 0` is as if it were not there, as with cts_exporter. */
function minutesOf(flag: string | undefined, variable: string | undefined): number {
  const [given, by] =
    flag === undefined || /^0+$/.test(flag)
      ? ([variable ?? String(usualMinutes), 'CTS_FROM'] as const)
      : ([flag, '-from'] as const)
  const minutes = /^\d{1,6}$/.test(given) ? Number(given) : 0
  if (minutes < 1 || minutes > mostMinutes)
    throw new PresetProblem(`${by} is \`${given}\`; it may be 1 to ${mostMinutes} minutes, which is what CTS keeps`)
  return minutes
}

function sinkOf(url: string | undefined): Login {
  if (url === undefined)
    throw new PresetProblem(
      'K_SINK is not set, so that there is nowhere to send traces to: set it to a URL, bind it (SinkBinding, ContainerSource), or set CTS_X_PNP=false to send nothing',
    )
  if (!/^https?:\/\/[^/]/i.test(url)) throw new PresetProblem('K_SINK is no URL with http:// or https://')
  return loginOf(url)
}

function extensionsOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {}
  const given = parsed(text)
  if (!isRecord(given))
    throw new PresetProblem('K_CE_OVERRIDES is no JSON object; it may be {"extensions":{"env":"prod"}}')
  const { extensions = null } = given
  if (extensions === null) return {}
  if (!isRecord(extensions))
    throw new PresetProblem('`extensions` of K_CE_OVERRIDES is no JSON object; it may be {"env":"prod"}')
  return Object.fromEntries(
    Object.entries(extensions).map(([written, value]) => {
      const name = written.toLowerCase()
      if (!/^[a-z0-9]+$/.test(name))
        throw new PresetProblem(
          `K_CE_OVERRIDES names the extension \`${written}\`; extensions are named with letters and digits alone`,
        )
      if (reserved.has(name))
        throw new PresetProblem(
          `K_CE_OVERRIDES sets \`${written}\`, which is an attribute of every event and no extension`,
        )
      if (typeof value !== 'string' || value === '')
        throw new PresetProblem(
          `the extension \`${written}\` of K_CE_OVERRIDES is no text; write it in quotes, and not empty`,
        )
      return [name, value]
    }),
  )
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
