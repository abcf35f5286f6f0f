/** Members of the object in column `extra` as fields: `extra.NAME`, or `extra."NAME"` with spaces and signs. */
import { quote } from './print.ts'
import type { NameTable, QueryField } from './names.ts'

export const memberColumn = 'extra'
const prefix = `${memberColumn}.`
const endsName = /[\s"'(),=!<>~]/u

/** The key that `extra.NAME` names, in its own case. */
export function memberOf(written: string): string | undefined {
  if (written.slice(0, prefix.length).toLowerCase() !== prefix) return undefined
  const name = written.slice(prefix.length)
  const inQuotes = /^"((?:[^"\\]|\\.)*)"$/su.exec(name)?.[1]
  const key = inQuotes?.replaceAll(/\\(["\\])/g, '$1') ?? name
  return key === '' ? undefined : key
}

/** As in a filter. */
export function memberName(key: string): string {
  return `${prefix}${endsName.test(key) ? quote(key) : key}`
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
