import type { AnyComponentSchema } from './component.ts'
import { infoOf, type FieldInfo, type Fields } from './field.ts'
import { flow } from './sample.ts'

/** A markdown table of all fields of a component; fields of groups have dotted names. */
export function reference(schema: AnyComponentSchema): string {
  const head = ['| Field | Type | Default | Description | Example |', '|---|---|---|---|---|']
  return `${[...head, ...rows(schema.fields, '')].join('\n')}\n`
}

function rows(fields: Fields, prefix: string, onlyFor = ''): string[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const info = infoOf(field)
    const path = `${prefix}${key}`
    return [row(path, info, onlyFor), ...below(path, info)]
  })
}

function below(path: string, info: FieldInfo): string[] {
  if (info.kind === 'group') return rows(info.fields ?? {}, `${path}.`)
  if (info.kind !== 'variants') return []
  return [...(info.variants ?? [])].flatMap(([type, fields]) => rows(fields, `${path}.`, `With \`type: ${type}\`: `))
}

function row(path: string, info: FieldInfo, onlyFor: string): string {
  const description = `${onlyFor}${onlyFor === '' ? info.description : lowerFirst(info.description)}`
  const cells = [
    code(path),
    typeWords(info),
    defaultWords(info),
    description,
    info.example === undefined ? '' : code(flow(info.example)),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The type of a field in words, with its unit and range. */
export function typeWords(info: FieldInfo): string {
  const unit = info.unit === undefined ? '' : `, ${info.unit}`
  switch (info.kind) {
    case 'choice':
      return (info.choices ?? []).map(code).join(' | ')
    case 'variants':
      return `map, type ${[...(info.variants?.keys() ?? [])].map(code).join(' | ')}`
    case 'components':
      return `map of id to ${(info.components?.names ?? []).map(code).join(' | ')}`
    case 'list':
    case 'map':
      return `${info.kind} of ${info.of === undefined ? 'values' : typeWords(info.of)}${unit}`
    case 'listen':
      return 'host:port, list of them, or `off`'
    case 'integer':
      return `integer${range(info)}${unit}`
    default:
      return `${info.kind === 'bytes' ? 'size' : info.kind}${unit}`
  }
}

function range({ min, max }: FieldInfo): string {
  if (min === undefined) return max === undefined ? '' : ` ≤ ${max}`
  return max === undefined ? ` ≥ ${min}` : ` ${min}–${max}`
}

function defaultWords(info: FieldInfo): string {
  if (info.required) return '**required**'
  if (info.default === null) return 'unset'
  // The defaults of a group's fields have rows of their own.
  return info.kind === 'group' || info.kind === 'components' ? '' : code(flow(info.default))
}

function code(text: string): string {
  return `\`${text}\``
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
