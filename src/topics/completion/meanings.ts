import { meaningsOf, type Meaning, type NameTable, type QueryField } from '../../query/index.ts'
import type { UsedValue } from './values.ts'
import { suggestion } from './words.ts'

/** A meaning of typed text: of its form, or `value` for one that is in use. */
type OfferedMeaning = Meaning | Readonly<{ is: 'value'; filter: string; value: string; field: string; count: number }>

/** The fields in which a name is searched, by view. */
const searched: Partial<Record<NameTable['view'], readonly string[]>> = {
  flows: ['any.owner_name', 'any.namespace', 'any.name'],
  changes: ['name', 'namespace', 'kind'],
  resources: ['name', 'namespace', 'kind'],
  audit: ['actor_name', 'action', 'resource_name'],
  events: ['type', 'source', 'subject'],
  inventory: ['name', 'type'],
}

const valuesOfField = 3

export type FindValues = (fields: readonly QueryField[], prefix: string, limit: number) => Promise<readonly UsedValue[]>

export function fieldsNamed(written: string, names: NameTable): readonly QueryField[] {
  const part = /^any[._](.+)$/i.exec(written)?.[1]
  const shared = part === undefined ? undefined : names.endPart(part)
  const fields =
    shared === undefined
      ? [names.field(names.resolve(written) ?? '')]
      : [names.ofEnd('src', shared), names.ofEnd('dst', shared)]
  return fields.filter((field) => field !== undefined)
}

export async function meaningsInUse(
  typed: string,
  names: NameTable,
  find: FindValues,
): Promise<readonly OfferedMeaning[]> {
  const word = typed.trim()
  if (word === '') return []
  const plain = meaningsOf(word, names)
  if (!plain.some(({ is }) => is === 'text')) return plain
  const offers = await Promise.all(
    (searched[names.view] ?? []).map(async (field) => {
      const values = await find(fieldsNamed(field, names), word, valuesOfField)
      return valuesOf(field, values, names, word)
    }),
  )
  const folded = word.toLowerCase()
  const fit = ({ value }: OfferedMeaning) => (value.toLowerCase().startsWith(folded) ? 0 : 1)
  return [...offers.flat().toSorted((a, b) => fit(a) - fit(b)), ...plain]
}

function valuesOf(written: string, used: readonly UsedValue[], names: NameTable, prefix: string): OfferedMeaning[] {
  const counts = new Map<string, OfferedMeaning & { readonly is: 'value' }>()
  for (const { field, value, count } of used) {
    const text = String(value)
    const before = counts.get(text)?.count ?? 0
    const filter = `${written} = ${suggestion(names, field, value, prefix).text}`
    counts.set(text, { is: 'value', filter, value: text, field: written, count: count + before })
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count).slice(0, valuesOfField)
}
