import type { AnyComponentSchema } from './component.ts'
import { infoOf, type FieldInfo, type Fields } from './field.ts'
import { flow } from './sample.ts'

interface ReferenceOptions {
  readonly linkFor?: (path: string, info: FieldInfo) => string | undefined
}

export function reference(schema: AnyComponentSchema, options: ReferenceOptions = {}): string {
  const head = ['| Field | Type | Default | Description | Example |', '|---|---|---|---|---|']
  return `${[...head, ...rows(schema.fields, '', options)].join('\n')}\n`
}

export function settingRows(schema: AnyComponentSchema): string[][] {
  return cellsOf(schema.fields, '', {})
}

function rows(fields: Fields, prefix: string, options: ReferenceOptions) {
  return cellsOf(fields, prefix, options).map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  )
}

function cellsOf(fields: Fields, prefix: string, options: ReferenceOptions, types: readonly string[] = []) {
  return Object.entries(fields).flatMap(([key, field]) => {
    const info = infoOf(field)
    const path = `${prefix}${key}`
    const link = options.linkFor?.(path, info)
    return [row(path, info, types, link), ...(link === undefined ? below(path, info, options) : [])]
  })
}

function below(path: string, info: FieldInfo, options: ReferenceOptions): string[][] {
  if (info.kind === 'group') return cellsOf(info.fields ?? {}, `${path}.`, options)
  if (info.kind !== 'variants') return []
  return sameVariants(info).flatMap(([fields, types]) => cellsOf(fields, `${path}.`, options, types))
}

function sameVariants({ variants }: FieldInfo): [fields: Fields, types: readonly string[]][] {
  const groups = Map.groupBy(variants ?? [], ([, fields]) => rows(fields, '', {}).join('\n'))
  return [...groups.values()].map((same) => [same[0]?.[1] ?? {}, same.map(([type]) => type)])
}

function row(path: string, info: FieldInfo, types: readonly string[], link: string | undefined): string[] {
  const onlyFor = types.length === 0 ? '' : `With ${types.map((type) => code(`type: ${type}`)).join(' or ')}: `
  const text = `${onlyFor}${onlyFor === '' ? info.description : lowerFirst(info.description)}`
  const description = link === undefined ? text : `${text}. See ${link}`
  return [
    code(path),
    typeWords(info),
    defaultWords(info),
    description,
    info.example === undefined ? '' : code(flow(info.example)),
  ]
}

function typeWords(info: FieldInfo): string {
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

function range({ min, max }: FieldInfo) {
  if (min === undefined) return max === undefined ? '' : ` ≤ ${max}`
  return max === undefined ? ` ≥ ${min}` : ` ${min}–${max}`
}

function defaultWords(info: FieldInfo) {
  if (info.required) return '**required**'
  if (info.default === null) return 'unset'
  return info.kind === 'group' || info.kind === 'components' ? '' : code(flow(info.default))
}

function code(text: string) {
  return `\`${text}\``
}

function lowerFirst(text: string) {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
