import type { AnyComponentSchema } from './component.ts'
import { child, entryInfo } from './descend.ts'
import type { ConfigDocument, Override } from './document.ts'
import { infoOf, type FieldInfo, type Fields } from './field.ts'
import type { Problem } from './problem.ts'
import { didYouMean } from './suggest.ts'
import { isRecord } from '../model/json.ts'

// Kubernetes sets these for a Service named `weir`.
const SERVICE_LINK = /^WEIR_(SERVICE_(HOST|PORT)|PORT)(_|$)/

export function variableFor(path: readonly string[]): string {
  return ['WEIR', ...path.map(variableName)].join('_')
}

/**
 * Overrides from `WEIR_*` variables. Component ids are those of the document, then the types. Lists are comma
 * separated, maps are `key=value,…`; an empty variable is unset. `known`: variables for other uses. Others that match
 * no field cause a warning.
 */
export function environmentOverrides(
  env: Readonly<Record<string, string | undefined>>,
  schema: AnyComponentSchema,
  options: Readonly<{ document?: ConfigDocument; known?: readonly string[] }> = {},
): Readonly<{ overrides: readonly Override[]; warnings: readonly Problem[] }> {
  const overrides: Override[] = []
  const warnings: Problem[] = []
  for (const origin of Object.keys(env).sort()) {
    const text = env[origin]
    if (!origin.startsWith('WEIR_') || text === undefined || text === '') continue
    if (SERVICE_LINK.test(origin) || options.known?.includes(origin) === true) continue
    const target = resolve(schema.info, origin.slice('WEIR_'.length), options.document?.value)
    if (target === undefined) warnings.push(unknownVariable(origin, schema, options.known ?? []))
    else overrides.push({ path: target.path, value: valueFromText(target.info, text), origin })
  }
  return { overrides, warnings }
}

export function valueFromText(info: FieldInfo | undefined, text: string): unknown {
  switch (info?.kind) {
    case 'flag':
      if (text === 'true' || text === '1') return true
      return text === 'false' || text === '0' ? false : text
    case 'integer':
      return /^-?\d+$/.test(text) ? Number(text) : text
    case 'list':
      return commas(text).map((part) => valueFromText(info.of, part))
    case 'listen':
      return text.includes(',') ? commas(text) : text
    case 'map':
      return Object.fromEntries(commas(text).map((part) => pair(part, info.of)))
    default:
      return text
  }
}

function commas(text: string) {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function pair(text: string, of: FieldInfo | undefined): [string, unknown] {
  const at = text.indexOf('=')
  return at < 0 ? [text, null] : [text.slice(0, at), valueFromText(of, text.slice(at + 1))]
}

function variableName(key: string) {
  return key.toUpperCase().replace(/[^A-Z0-9]/g, '_')
}

type Target = Readonly<{
  path: string[]
  info: FieldInfo | undefined
}>

function resolve(info: FieldInfo, rest: string, value: unknown): Target | undefined {
  // Longer keys first: `data_dir` precedes `data`.
  const candidates = keysOf(info, value).sort(([a], [b]) => b.length - a.length)
  for (const [key, below] of candidates) {
    const name = variableName(key)
    if (rest === name && !hasKeys(below)) return { path: [key], info: below }
    if (below === undefined || !rest.startsWith(`${name}_`)) continue
    const resolved = resolve(below, rest.slice(name.length + 1), isRecord(value) ? value[key] : undefined)
    if (resolved !== undefined) return { path: [key, ...resolved.path], info: resolved.info }
  }
  return undefined
}

function hasKeys(info: FieldInfo | undefined) {
  return info?.kind === 'group' || info?.kind === 'variants' || info?.kind === 'components'
}

function keysOf(info: FieldInfo, value: unknown): [string, FieldInfo | undefined][] {
  const described = (fields: Fields): [string, FieldInfo][] =>
    Object.entries(fields).map(([key, field]) => [key, infoOf(field)])
  if (info.kind === 'variants') return [['type', undefined], ...[...(info.variants?.values() ?? [])].flatMap(described)]
  if (info.kind !== 'components') return described(info.fields ?? {})
  const written = isRecord(value) ? Object.keys(value) : []
  const ids = [...new Set([...written, ...(info.components?.names ?? [])])]
  return ids.map((id) => [id, child(info, value, id) ?? entryInfo(info, id, {})])
}

function unknownVariable(name: string, schema: AnyComponentSchema, variables: readonly string[]): Problem {
  const names = [...variables, ...reachable(schema.info, ['WEIR'])]
  const hint = didYouMean(name, names)
  return {
    file: name,
    line: 0,
    column: 0,
    path: '',
    message: 'this variable sets nothing',
    ...(hint === undefined ? {} : { hint }),
  }
}

function reachable(info: FieldInfo, path: readonly string[]): string[] {
  return keysOf(info, undefined).flatMap(([key, below]) => {
    const name = [...path, variableName(key)]
    return below !== undefined && hasKeys(below) ? reachable(below, name) : [name.join('_')]
  })
}
