import { isRecord } from '../model/json.ts'

type ChangedField = Readonly<{
  /** Stable id of the row before; `-` for rows that a window wrote. */
  row: string
  /** `pass`, the reason why the row was not passed, or the output of a route. */
  outcome: string
  field: string
  before?: unknown
  after?: unknown
}>

type Fields = ReadonlyMap<string, unknown>

export function changedFields(line: Readonly<Record<string, unknown>>): ChangedField[] | undefined {
  const { before, after, outcome } = line
  if (!('before' in line) || !Array.isArray(after)) return undefined
  const row = isRecord(before) && typeof before['_pos'] === 'string' ? before['_pos'] : '-'
  const old = flat(before)
  if (after.length === 0) return [{ row, outcome: typeof outcome === 'string' ? outcome : 'no row', field: '' }]
  return after.flatMap((value: unknown) => {
    const passed = { row, outcome: isRecord(value) && typeof value['_to'] === 'string' ? `to ${value['_to']}` : 'pass' }
    const changed = differences(old, flat(value))
    if (changed.length > 0) return changed.map((field) => ({ ...passed, ...field }))
    return [{ ...passed, field: '' }]
  })
}

function differences(before: Fields, after: Fields): Pick<ChangedField, 'field' | 'before' | 'after'>[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => JSON.stringify(before.get(field)) !== JSON.stringify(after.get(field)))
    .map((field) => ({ field, before: before.get(field), after: after.get(field) }))
}

function flat(value: unknown, path = ''): Fields {
  const results = new Map<string, unknown>()
  if (!isRecord(value)) return results
  for (const [key, one] of Object.entries(value)) {
    if (path === '' && key.startsWith('_')) continue
    if (isRecord(one)) for (const [name, inner] of flat(one, `${path}${key}.`)) results.set(name, inner)
    else results.set(path + key, one)
  }
  return results
}
