/** Members of the object in column `extra` as fields. */
import { memberColumn, memberOf } from '../model/flow-members.ts'
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
