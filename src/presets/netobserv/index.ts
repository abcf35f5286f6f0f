/** A configuration of flowlogs-pipeline, with its flags. Pure, except that it reads the files of user names. */
import { parse } from 'yaml'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'
import { PresetProblem } from '../given.ts'
import { Assembly, type FilterReader } from './branch.ts'
import { finished, type NetobservPlan } from './finish.ts'
import { metricsSettings, parameters, stages, type FlpFile } from './flp-file.ts'
import { readPipeline } from './pipeline.ts'
import { Report } from './report.ts'
import type { Reader } from './shape.ts'

export { PresetProblem } from '../given.ts'
export type { FilterReader } from './branch.ts'
export type { NetobservPlan } from './finish.ts'

export type FlpFlags = Readonly<{
  pipeline?: string
  parameters?: string
  metricsSettings?: string
  dynamicParameters?: string
  healthAddr?: string
  pprofAddr?: string
  logLevel?: string
  k8scachePort?: string
}>

export type PresetSurroundings = Readonly<{
  data: string
  ignoreUnsupported: boolean
  readFilter: FilterReader
  readFile: (path: string) => string
}>

export interface NetobservInput extends PresetSurroundings {
  readonly flags: FlpFlags
  readonly file: Readonly<{ path: string; text: string }> | undefined
}

/** Throws PresetProblem, with all problems. */
export function netobservPreset({ flags, file, ...around }: NetobservInput): NetobservPlan {
  const report = new Report()
  const root = file === undefined ? {} : rootOf(file.text, file.path)
  const problems: string[] = []
  const section = <T>(name: keyof FlpFlags, reader: Reader<T>, otherwise: T) => {
    const flag = flags[name]
    const value = flag === undefined ? keyOf(root, name) : jsonOf(flag, name)
    return value === undefined || value === null ? otherwise : (reader(value, name, problems) ?? otherwise)
  }
  const given: FlpFile = {
    pipeline: section('pipeline', stages, []),
    parameters: section('parameters', parameters, []),
    metricsSettings: section('metricsSettings', metricsSettings, {}),
  }
  if (problems.length > 0) throw new PresetProblem(problems.join('\n      '))
  if (given.pipeline.length === 0)
    throw new PresetProblem(
      file === undefined
        ? 'no pipeline: set --config FILE, or --pipeline and --parameters'
        : `${file.path} has no pipeline`,
    )
  const assembly = new Assembly(report, around)
  readPipeline(given, assembly)
  return finished(assembly, around.data, {
    metrics: given.metricsSettings,
    ...rest(flags, root, report),
  })
}

function rest(flags: FlpFlags, root: Readonly<Record<string, unknown>>, report: Report) {
  const known = ['log-level', 'metricssettings', 'pipeline', 'parameters', 'perfsettings', 'dynamicparameters']
  for (const key of Object.keys(root))
    if (!known.includes(key.toLowerCase())) report.note(key, 'unknown; flowlogs-pipeline ignores it, too')
  if (keyOf(root, 'perfSettings') !== undefined)
    report.note('perfSettings', 'without effect; batches are set by sink (`delivery`)')
  const dynamic = flags.dynamicParameters ?? keyOf(root, 'dynamicParameters')
  if (dynamic !== undefined && dynamic !== '')
    report.refuse('dynamicParameters', 'a ConfigMap is not watched; use --flowcollector cluster to follow the resource')
  if (flags.k8scachePort !== undefined && flags.k8scachePort !== '0')
    report.refuse('--k8scache.port', 'no cache server: Weir watches the cluster itself, and its own journal caches it')
  const level = flags.logLevel ?? keyOf(root, 'log-level')
  return {
    logLevel: typeof level === 'string' ? level : 'info',
    health: flags.healthAddr ?? '',
    profiles: flags.pprofAddr ?? '',
  }
}

function keyOf(root: Readonly<Record<string, unknown>>, name: string): unknown {
  const key = Object.keys(root).find((text) => text.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : root[key]
}

function rootOf(text: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw new PresetProblem(`${path} is no YAML or JSON: ${messageOf(error).split('\n')[0] ?? ''}`)
  }
  if (isRecord(value)) return value
  throw new PresetProblem(`${path}: expected a map with pipeline and parameters`)
}

function jsonOf(text: string, name: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new PresetProblem(`--${name} is no JSON`)
  }
}
