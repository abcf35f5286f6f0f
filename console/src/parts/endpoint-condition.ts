import { literal } from './filter-text.ts'

export function conditionOf(fields: readonly string[], cells: readonly unknown[]): string {
  return fields
    .map((field, index) => {
      const cell = cells[index]
      const [, end] = /^(src|dst)_endpoint$/.exec(field) ?? []
      if (end !== undefined) return endpointCondition(end, cell)
      return cell === null || cell === undefined ? `not exists(${field})` : `${field} = ${literal(cell)}`
    })
    .join(' and ')
}

const address = /^(?:[\d.]+|[\da-f:.]*:[\da-f:.]*)$/i

/** An endpoint is the first non-empty of name, owner, network and address. */
function endpointCondition(end: string, cell: unknown): string {
  const [name, owner, label, addr] = ['name', 'owner_name', 'label', 'addr'].map((part) => `${end}_${part}`) as [
    string,
    string,
    string,
    string,
  ]
  if (cell === null || cell === undefined)
    return [name, owner, label, addr].map((field) => `not exists(${field})`).join(' and ')
  const value = literal(cell)
  // The filter rejects other text as an address.
  const fields = [name, owner, label, ...(typeof cell === 'string' && address.test(cell) ? [addr] : [])]
  const tests = fields.map((field, at) =>
    [...fields.slice(0, at).map((before) => `not exists(${before})`), `${field} = ${value}`].join(' and '),
  )
  return `(${tests.map((test, at) => (at === 0 ? test : `(${test})`)).join(' or ')})`
}
