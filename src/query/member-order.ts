/** The order of a member of JSON: numbers by value, then all else by its text. Each part is NULL for the others. */
import { memberText } from '../model/flow-members.ts'
import type { Dialect } from './dialect.ts'
import { placeOf } from './members.ts'
import type { QueryField } from './names.ts'

export const memberParts = ['number', 'whole', 'text'] as const
export type MemberPart = (typeof memberParts)[number]

/** Whole numbers from here differ although their doubles are equal. */
const beyondDoubles = 2 ** 53
const largest = 10n ** 38n
const isNumber = '^-?[0-9]'
/** A text is compared to here, so that the cursor of a page stays short. */
export const keyCharacters = 100

const kinds = { number: 'f64', whole: 'estimate', text: 'text' } as const

/** Fields to sort by, one after the other; their names are of no member. */
export function memberOrder(field: QueryField): readonly QueryField[] {
  const { name, member = '' } = field
  return memberParts.map((part) => ({
    name: `${name} (${part})`,
    kind: kinds[part],
    member,
    memberPart: part,
    sql: (dialect) => partSql[part](dialect, field),
  }))
}

const partSql: Readonly<Record<MemberPart, (dialect: Dialect, member: QueryField) => string>> = {
  number: (dialect, member) => dialect.doubleOf(rawOf(dialect, member)),
  whole(dialect, member) {
    const raw = rawOf(dialect, member)
    return `CASE WHEN abs(${dialect.doubleOf(raw)}) >= ${beyondDoubles} THEN ${dialect.wholeOf(raw)} END`
  },
  text(dialect, member) {
    const { column, keys } = placeOf(member)
    const text = dialect.jsonText(dialect.identifier(column), keys)
    const isText = `NOT ${dialect.found(rawOf(dialect, member), isNumber)}`
    return `CASE WHEN ${isText} THEN ${dialect.keyText(text, keyCharacters)} END`
  },
}

function rawOf({ jsonMember, identifier }: Dialect, member: QueryField) {
  const { column, keys } = placeOf(member)
  return jsonMember(identifier(column), ...keys)
}

/** Sort key of a value as {@link memberIn} reads it: a `whole` has its digits. */
export function memberKey(value: unknown, part: MemberPart): number | string | null {
  const isNumeric = typeof value === 'number' || typeof value === 'bigint'
  switch (part) {
    case 'number':
      return isNumeric ? Number(value) : null
    case 'whole':
      return typeof value === 'bigint' && value < largest && value > -largest ? String(value) : null
    case 'text':
      return isNumeric ? null : keyText(memberText(value))
  }
}

function keyText(text: string | undefined) {
  if (text === undefined) return null
  const start = text.length > keyCharacters ? Array.from(text.slice(0, 2 * keyCharacters)) : [text]
  return start.slice(0, keyCharacters).join('').replaceAll('\0', ' ')
}
