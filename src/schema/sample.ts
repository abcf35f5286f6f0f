import { stringify } from 'yaml'
import type { AnyComponentSchema } from './component.ts'
import { infoOf, type FieldInfo, type Fields } from './field.ts'
import { isRecord } from '../model/json.ts'

/** Valid as it is: required and usual fields have their example, others their default. */
export function sample(schema: AnyComponentSchema): string {
  return `${[`# ${schema.summary}.`, '', ...fieldLines(schema.fields, {})].join('\n')}\n`
}

export function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim()
}

function fieldLines(fields: Fields, given: unknown): string[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const info = infoOf(field)
    const written = isRecord(given) && Object.hasOwn(given, key) ? given[key] : shown(info)
    const unset =
      !info.required && info.usual !== true && info.default === null && !(isRecord(given) && Object.hasOwn(given, key))
    const lines = valueLines(key, info, written)
    // A key with only comments below would have no value.
    return [`# ${remark(info)}`, ...(unset || onlyComments(lines.slice(1)) ? lines.map(disable) : lines)]
  })
}

function shown(info: FieldInfo) {
  return info.required || info.default === null ? info.example : info.default
}

function valueLines(key: string, info: FieldInfo, written: unknown): string[] {
  if (info.kind === 'group') return block(key, fieldLines(info.fields ?? {}, written), '{}')
  if (info.kind === 'variants') return block(key, variantLines(info, written), '{}')
  if (info.kind === 'components') return block(key, componentLines(info), '{}')
  return [`${flow(key)}: ${flow(written)}`]
}

function block(key: string, lines: readonly string[], empty: string) {
  return lines.length === 0 ? [`${key}: ${empty}`] : [`${key}:`, ...lines.map((line) => `  ${line}`)]
}

function variantLines(info: FieldInfo, written: unknown): string[] {
  const type = isRecord(written) ? String(written['type']) : ''
  return [`type: ${type}`, ...fieldLines(info.variants?.get(type) ?? {}, written)]
}

function componentLines(info: FieldInfo): string[] {
  const { names, fieldsOf, summaryOf } = info.components ?? {
    names: [],
    fieldsOf: () => undefined,
    summaryOf: () => '',
  }
  return names.flatMap((name) => [`# ${summaryOf(name)}.`, ...block(name, fieldLines(fieldsOf(name) ?? {}, {}), '{}')])
}

function remark(info: FieldInfo): string {
  const remarks = [info.description + (info.unit === undefined ? '' : ` (${info.unit})`)]
  if (info.required) remarks.push('Required')
  if (info.kind === 'choice') remarks.push(`One of ${(info.choices ?? []).join(', ')}`)
  for (const [type, fields] of info.variants ?? []) {
    const keys = Object.keys(fields)
    remarks.push(`\`type: ${type}\`${keys.length === 0 ? '' : ` with ${keys.join(', ')}`}`)
  }
  const inline = info.kind !== 'group' && info.kind !== 'variants' && info.kind !== 'components'
  if (inline && info.example !== undefined && !info.required && info.default !== null)
    remarks.push(`For example ${flow(info.example)}`)
  return `${remarks.join('. ')}.`
}

function onlyComments(lines: readonly string[]) {
  return lines.length > 0 && lines.every((line) => /^\s*#/.test(line))
}

function disable(line: string) {
  return line.replace(/^(\s*)(?!#|\s)/, '$1#')
}
