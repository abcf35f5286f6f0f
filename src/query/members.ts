/** Members of the objects in the columns `extra` of flows and `data` of events as fields. */
import { memberColumn, memberOf } from '../model/flow-members.ts'
import { isRecord } from '../model/json.ts'
import { pointerSteps } from '../model/json-pointer.ts'
import { quote } from './print.ts'
import type { NameTable, QueryField } from './names.ts'

const endsName = /[\s"'(),=!<>~]/u

/** As in a filter. */
export function memberName(key: string): string {
  return `${memberColumn}.${endsName.test(key) ? quote(key) : key}`
}

/** Its values are texts; a {@link Match} `value` compares those that are numbers by value. */
function memberField(key: string): QueryField {
  return {
    name: memberName(key),
    kind: 'text',
    member: key,
    sql: ({ jsonText, identifier }) => jsonText(identifier(memberColumn), [key]),
  }
}

export function withMembers(names: NameTable): NameTable {
  const named = (written: string) => {
    const key = memberOf(written)
    return key === undefined ? undefined : memberField(key)
  }
  return {
    ...names,
    field: (name) => names.field(name) ?? named(name),
    resolve: (written) => names.resolve(written) ?? named(written)?.name,
  }
}

const bodyColumn = 'data'
const bodyPrefix = `${bodyColumn}.`
const plainKey = /^[^\s"'(),=!<>~./]+$/u

/** `data.labels.app`, or `data."/a b/c"`: a JSON pointer. */
export function bodyMemberName(keys: readonly string[]): string {
  if (keys.every((key) => plainKey.test(key))) return `${bodyPrefix}${keys.join('.')}`
  return `${bodyPrefix}${quote(keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''))}`
}

/** The keys that a name has, with its capitals. A quoted text without a slash in front is one key. */
function bodyKeys(written: string): readonly string[] | undefined {
  if (written.slice(0, bodyPrefix.length).toLowerCase() !== bodyPrefix) return undefined
  const name = written.slice(bodyPrefix.length)
  const inQuotes = /^"((?:[^"\\]|\\.)*)"$/su.exec(name)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  const keys = inQuotes === undefined ? name.split('.') : inQuotes.startsWith('/') ? pointerSteps(inQuotes) : [inQuotes]
  return keys.includes('') ? undefined : keys
}

function bodyField(keys: readonly string[]): QueryField {
  return {
    name: bodyMemberName(keys),
    kind: 'text',
    member: keys.join('.'),
    keys,
    sql: ({ jsonText, identifier }) => jsonText(identifier(bodyColumn), keys),
  }
}

/** With members of `data`, and further fields that are no columns. */
export function withBody(names: NameTable, ...further: readonly QueryField[]): NameTable {
  const fieldOf = (written: string) => {
    const folded = written.toLowerCase()
    const keys = bodyKeys(written)
    return further.find(({ name }) => name === folded) ?? (keys === undefined ? undefined : bodyField(keys))
  }
  return {
    ...names,
    field: (name) => names.field(name) ?? fieldOf(name),
    resolve: (written) => names.resolve(written) ?? fieldOf(written)?.name,
  }
}

/** The column with the JSON of a member, and its keys. */
export function placeOf({ member = '', keys }: QueryField): Readonly<{ column: string; keys: readonly string[] }> {
  return keys === undefined ? { column: memberColumn, keys: [member] } : { column: bodyColumn, keys }
}

/** Undefined for an absent member, and null. */
export function bodyMember(body: unknown, keys: readonly string[]): unknown {
  let value = body
  for (const key of keys) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value ?? undefined
}
