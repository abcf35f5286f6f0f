import { loginOf, PresetProblem, truthOf, type Login } from '../given.ts'
import { isRecord, parsedJson } from '../../model/json.ts'

export interface CtsExporterFlags {
  readonly from?: string
}

export type CtsExporterSettings = Readonly<{
  /** Entry of clouds.yaml; undefined: the only entry, or the environment. */
  cloud: string | undefined
  debug: boolean
  tracker: string
  /** Undefined: the project of clouds.yaml. */
  project: { readonly name: string } | { readonly id: string } | undefined
  from: number
  sink: Login | undefined
  extensions: Readonly<Record<string, string>>
  lease: string | undefined
  authorities: string | undefined
}>

type Environment = Readonly<Record<string, string | undefined>>

const mostMinutes = 10_080
const usualMinutes = 5
const usualTracker = 'system'
const reserved = new Set([
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

export function readSettings(flags: CtsExporterFlags, env: Environment): CtsExporterSettings {
  const variable = (name: string) => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const truth = (name: string) => {
    const value = variable(name)
    return value === undefined ? undefined : truthOf(value, name)
  }
  truth('CTS_STREAMS')
  const isPushing = truth('CTS_X_PNP') ?? true
  const tracker = trackerOf(variable('CTS_TRACKER'))
  return {
    cloud: variable('OS_CLOUD'),
    debug: truth('OS_DEBUG') ?? false,
    tracker,
    project: tracker === usualTracker ? undefined : projectOf(variable),
    from: minutesOf(flags.from, variable('CTS_FROM')),
    sink: isPushing ? sinkOf(variable('K_SINK')) : undefined,
    extensions: extensionsOf(variable('K_CE_OVERRIDES')),
    lease: variable('CTS_LEASE'),
    authorities: variable('K_CA_CERTS'),
  }
}

function trackerOf(given = usualTracker): string {
  if (!/^[\w-]{1,64}$/.test(given))
    throw new PresetProblem(
      `CTS_TRACKER is \`${given}\`; a tracker name contains only letters, digits, \`-\` and \`_\``,
    )
  return given
}

function projectOf(variable: (name: string) => string | undefined): CtsExporterSettings['project'] {
  const [name, id] = [
    variable('OS_PROJECT_NAME') ?? variable('OS_TENANT_NAME'),
    variable('OS_PROJECT_ID') ?? variable('OS_TENANT_ID'),
  ]
  if (id !== undefined) return { id }
  if (name === undefined)
    throw new PresetProblem(
      `a tracker other than \`${usualTracker}\` (CTS_TRACKER) needs a project in the environment: set ` +
        'OS_PROJECT_NAME, too',
    )
  return { name }
}

function minutesOf(flag: string | undefined, variable: string | undefined): number {
  const [given, by] =
    flag === undefined || /^0+$/.test(flag)
      ? ([variable ?? String(usualMinutes), 'CTS_FROM'] as const)
      : ([flag, '-from'] as const)
  const minutes = /^\d{1,6}$/.test(given) ? Number(given) : 0
  if (minutes < 1 || minutes > mostMinutes)
    throw new PresetProblem(`${by} is \`${given}\`; it must be 1 to ${mostMinutes} minutes, the retention of CTS`)
  return minutes
}

function sinkOf(url: string | undefined): Login {
  if (url === undefined)
    throw new PresetProblem(
      'K_SINK is not set: set it to a URL, bind it (SinkBinding, ContainerSource), or set CTS_X_PNP=false to ' +
        'send nothing',
    )
  if (!/^https?:\/\/[^/]/i.test(url)) throw new PresetProblem('K_SINK is no URL with http:// or https://')
  return loginOf(url)
}

function extensionsOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {}
  const given = parsedJson(text)
  if (!isRecord(given))
    throw new PresetProblem('K_CE_OVERRIDES is no JSON object; an example is {"extensions":{"env":"prod"}}')
  const { extensions = null } = given
  if (extensions === null) return {}
  if (!isRecord(extensions))
    throw new PresetProblem('`extensions` of K_CE_OVERRIDES is no JSON object; an example is {"env":"prod"}')
  return Object.fromEntries(
    Object.entries(extensions).map(([written, value]) => {
      const name = written.toLowerCase()
      if (!/^[a-z0-9]+$/.test(name))
        throw new PresetProblem(
          `K_CE_OVERRIDES names the extension \`${written}\`; extension names contain only letters and digits`,
        )
      if (reserved.has(name))
        throw new PresetProblem(
          `K_CE_OVERRIDES sets \`${written}\`, which is an attribute of every event and no extension`,
        )
      if (typeof value !== 'string' || value === '')
        throw new PresetProblem(
          `the extension \`${written}\` of K_CE_OVERRIDES is no text; write a non-empty string in quotes`,
        )
      return [name, value]
    }),
  )
}
