export function literal(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `"${String(value).replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`
}

export function allOf(filters: readonly string[]): string {
  const conditions = filters.map((filter) => filter.trim()).filter((filter) => filter !== '')
  return conditions.length < 2
    ? (conditions[0] ?? '')
    : conditions.map((filter) => (/\bor\b/i.test(filter) ? `(${filter})` : filter)).join(' and ')
}

export function andFilter(filter: string, condition: string): string {
  const parts = filter.trim().split(/ and /i)
  const plain = !/\bor\b|\(/i.test(filter) && parts.every((part) => (part.split('"').length & 1) === 1)
  return plain && parts.includes(condition) ? filter : allOf([filter, condition])
}

export function conditionFor(field: string, value: unknown): string {
  return isAbsent(value) ? `not exists(${field})` : `${field} = ${literal(value)}`
}

export function conditionWithout(field: string, value: unknown): string {
  return isAbsent(value) ? `exists(${field})` : `${field} != ${literal(value)}`
}

const isAbsent = (value: unknown) => value === null || value === undefined

export function conditionAmong(field: string, values: readonly string[]): string {
  return values.length === 1 ? conditionFor(field, values[0]) : `${field} in (${values.map(literal).join(', ')})`
}

/** `src_port` becomes `any.port`; undefined: the field has no side. */
export function ofEitherEnd(field: string): string | undefined {
  const [, xlat = '', part] = /^(xlat_)?(?:src|dst)_(.+)$/.exec(field) ?? []
  return part === undefined ? undefined : `any.${xlat}${part}`
}

export function eitherCondition(field: string, value: unknown): string | undefined {
  const either = ofEitherEnd(field)
  return either === undefined || value === null || value === undefined ? undefined : `${either} = ${literal(value)}`
}

export type Written = Readonly<{
  from: number
  word: string
  field: string | undefined
}>

const value =
  /(extra\.[\w./-]+|[A-Za-z_][\w.]*)\s*(?:[!<>]?=|[<>]|!?~|\b(?:not\s+)?in\s*\()\s*(?:[^()"]*,\s*)?("?[^\s"(),]*)$/
const bare = /(?:^|[\s(!])([^\s(),"'=<>!~]+)$/

export function writtenBefore(text: string, caret: number): Written | undefined {
  const before = text.slice(0, caret)
  const asValue = value.exec(before)
  if (asValue !== null) {
    const word = asValue[2] ?? ''
    return { from: caret - word.length, word: word.replace(/^"/, ''), field: asValue[1] }
  }
  const word = bare.exec(before)?.[1]
  if (word !== undefined) return { from: caret - word.length, word, field: undefined }
  return /(?:^|\(|\b(?:and|or|not)\s)\s*$/i.test(before) ? { from: caret, word: '', field: undefined } : undefined
}

export function conditionBefore(text: string, caret: number): string {
  const before = text.slice(0, caret)
  const start = value.exec(before)?.index ?? writtenBefore(text, caret)?.from ?? caret
  const conditions = /^([^]*\S)\s+and\s+(?:not\s+)?$/i.exec(before.slice(0, start))?.[1]?.trim() ?? ''
  const bare = conditions.replaceAll(/"[^"]*"/g, '""')
  let flat = bare
  while (/\([^()]*\)/.test(flat)) flat = flat.replaceAll(/\([^()]*\)/g, ' ')
  return /[()]|\bor\b/i.test(flat) || bare.replaceAll('""', '').includes('"') ? '' : conditions
}

/** The filter with a condition in place of `[from, to)`, joined to the conditions before it. */
export function inserted(filter: string, from: number, to: number, condition: string): string {
  const before = filter.slice(0, from).trimEnd()
  const after = filter.slice(to).trimStart()
  const joined = before === '' || /(?:\(|(?:^|[\s)])(?:and|or|not))$/i.test(before) ? '' : ' and'
  const joining = after === '' || /^(?:and\b|or\b|\))/i.test(after) ? '' : ' and'
  return `${before}${joined}${before === '' || before.endsWith('(') ? '' : ' '}${condition}${joining}${
    after === '' || after.startsWith(')') ? '' : ' '
  }${after}`
}
