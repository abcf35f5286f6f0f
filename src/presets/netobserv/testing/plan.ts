import { stringify } from 'yaml'
import { readFlpFilter } from '../../../query/flp/index.ts'
import { netobservPreset, PresetProblem, type FlpFlags, type NetobservPlan } from '../index.ts'

export interface Stage {
  readonly name: string
  readonly follows?: string
  readonly is: Readonly<Record<string, unknown>>
}

export const grpc: Stage = { name: 'ingest', is: { ingest: { type: 'grpc', grpc: { port: 2055 } } } }
export const stdout = (follows: string): Stage => ({
  name: 'out',
  follows,
  is: { write: { type: 'stdout', stdout: { format: 'json' } } },
})

export function file(...stages: readonly Stage[]): Record<string, unknown> {
  return {
    pipeline: stages.map(({ name, follows }) => ({ name, ...(follows === undefined ? {} : { follows }) })),
    parameters: stages.map(({ name, is }) => ({ name, ...is })),
  }
}

export interface PlanOptions {
  readonly flags?: FlpFlags
  readonly ignore?: boolean
  /** Contents by path. */
  readonly files?: Readonly<Record<string, string>>
}

export function plan(given: unknown, { flags = {}, ignore = false, files = {} }: PlanOptions = {}): NetobservPlan {
  return netobservPreset({
    flags,
    file: { path: 'flp.yaml', text: typeof given === 'string' ? given : stringify(given) },
    data: '/data',
    ignoreUnsupported: ignore,
    readFilter: readFlpFilter,
    readFile: (path) => files[path] ?? `content of ${path}\n`,
  })
}

export function problem(given: unknown, flags: FlpFlags = {}): string {
  try {
    return `no problem: ${JSON.stringify(plan(given, { flags }))}`
  } catch (error) {
    if (!(error instanceof PresetProblem)) throw error
    return error.message
  }
}

export type Part = Readonly<Record<string, Readonly<Record<string, unknown>>>>
export const part = ({ config }: NetobservPlan, name: string): Part => (config[name] ?? {}) as Part
export const flows = { family: ['flow'] }
