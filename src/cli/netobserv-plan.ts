import { self, systemReason } from '../host/process.ts'
import type { FlpFlags, NetobservPlan, PresetSurroundings } from '../presets/netobserv/index.ts'

export interface NetobservFlags extends Omit<FlpFlags, 'k8scachePort'> {
  readonly config?: string
  readonly flowcollector?: string
  readonly kubeconfig?: string
  readonly secrets: string
  readonly 'k8scache.port'?: string
  readonly ignoreUnsupported?: boolean
  readonly data?: string
  readonly listen?: string
  readonly ops?: string
  readonly printConfig?: boolean
}

export type Planned = Readonly<{
  plan: NetobservPlan
  text: string
}>

export async function planOfFile(flags: NetobservFlags, data: string): Promise<Planned> {
  const around = await surroundings(flags, data)
  const textOf = async (path: string) => (path === '-' ? self.readStdin() : around.readFile(path))
  if (flags.flowcollector !== undefined) {
    const { readFlowCollector } = await import('../presets/netobserv/flowcollector/index.ts')
    const file = flags.flowcollector === '-' ? 'standard input' : flags.flowcollector
    return planOfResource(readFlowCollector(await textOf(flags.flowcollector), file), flags, data, { followed: false })
  }
  const { netobservPreset } = await import('../presets/netobserv/index.ts')
  const home = `${self.env['HOME'] ?? ''}/.flowlogs-pipeline`
  const path = flags.config ?? (flags.pipeline === undefined ? home : undefined)
  const port = flags['k8scache.port']
  return written(
    netobservPreset({
      flags: { ...flags, ...(port === undefined ? {} : { k8scachePort: port }) },
      file: path === undefined ? undefined : { path, text: await textOf(path) },
      ...around,
    }),
  )
}

export type Collector = Readonly<{
  resource: unknown
  slices: readonly unknown[]
}>

export async function planOfResource(
  { resource, slices }: Collector,
  flags: NetobservFlags,
  data: string,
  { followed }: Readonly<{ followed: boolean }>,
): Promise<Planned> {
  const [{ flowCollectorPreset }, { importNetObserv }, around] = await Promise.all([
    import('../presets/netobserv/flowcollector/index.ts'),
    import('../query/netobserv-url.ts'),
    surroundings(flags, data),
  ])
  return written(
    flowCollectorPreset(resource, {
      ...around,
      secrets: flags.secrets,
      readLink: importNetObserv,
      followed,
      slices,
      ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    }),
  )
}

async function surroundings({ ignoreUnsupported }: NetobservFlags, data: string): Promise<PresetSurroundings> {
  const [{ PresetProblem }, { readFlpFilter }] = await Promise.all([
    import('../presets/given.ts'),
    import('../query/flp/index.ts'),
  ])
  return {
    data,
    ignoreUnsupported: ignoreUnsupported === true,
    readFilter: readFlpFilter,
    readFile(path) {
      try {
        return self.readTextFile(path)
      } catch (error) {
        throw new PresetProblem(`${path} cannot be read: ${systemReason(error)}`)
      }
    },
  }
}

async function written(plan: NetobservPlan): Promise<Planned> {
  const { stringify } = await import('yaml')
  return { plan, text: stringify(plan.config, { aliasDuplicateObjects: false }) }
}
