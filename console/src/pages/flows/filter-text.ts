/** Filters as text, as docs/explain/query.md has them. */

/** A value as a literal of the filter language. */
export function literal(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `"${String(value).replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`
}

/** The filter that also says this. */
export function andFilter(filter: string, condition: string): string {
  if (filter.trim() === '') return condition
  return /\bor\b|\|\|/i.test(filter) ? `(${filter}) and ${condition}` : `${filter} and ${condition}`
}

/** What stands before the caret: the word that is being written, and whether it names a field or is a value of one. */
export interface Written {
  readonly from: number
  readonly word: string
  /** Field whose value is being written; undefined: a field is. */
  readonly field: string | undefined
}

const value = /([A-Za-z_][\w.]*)\s*(?:!=|>=|<=|=|>|<|!~|~|\bnot\s+in\s*\(|\bin\s*\()\s*(?:[^()"]*,\s*)?("?[^\s"(),]*)$/
const name = /(?:^|[\s(!])([A-Za-z_][\w.]*)$/

export function writtenBefore(text: string, caret: number): Written | undefined {
  const before = text.slice(0, caret)
  const asValue = value.exec(before)
  if (asValue !== null) {
    const word = asValue[2] ?? ''
    return { from: caret - word.length, word: word.replace(/^"/, ''), field: asValue[1] }
  }
  const word = name.exec(before)?.[1]
  if (word !== undefined) return { from: caret - word.length, word, field: undefined }
  return /(?:^|\(|\b(?:and|or|not)\s)\s*$/i.test(before) ? { from: caret, word: '', field: undefined } : undefined
}
