/** Tables of tests in Go source. */
import { GoReader, type GoExpression } from './go-expressions.ts'

/** By name of the field. */
export type GoRow = ReadonlyMap<string, GoExpression>

const noValue: GoExpression = { is: 'name', name: 'nil' }

/** The value of the field; `nil` if the row leaves it out. */
export function field(row: GoRow, name: string): GoExpression {
  return row.get(name) ?? noValue
}

/** The rows of the table in a test function or a variable. */
export function rowsOf(source: string, test: string): GoRow[] {
  const body = bodyOf(source, test)
  const table = /\[\]struct \{([^]*?)\n\t*\}\{/.exec(body)
  if (table === null) throw new Error(`${test} has no table`)
  const fields = fieldsOf(table[1]!)
  return new GoReader(body, table.index + table[0].length).elements().map(({ value }) => rowOf(value, fields))
}

/** The texts of `range []string{…}` in a test function. */
export function textsOf(source: string, test: string): string[] {
  const body = bodyOf(source, test)
  const list = /range \[\]string\{/.exec(body)
  if (list === null) throw new Error(`${test} has no list of texts`)
  return new GoReader(body, list.index + list[0].length)
    .elements()
    .flatMap(({ value }) => (value.is === 'text' ? [value.text] : []))
}

/** A short variable declaration in a test function. */
export function variableOf(source: string, test: string, name: string): GoExpression {
  const body = bodyOf(source, test)
  const match = new RegExp(`\\t${name} := `).exec(body)
  return match === null ? noValue : new GoReader(body, match.index + match[0].length).expression()
}

const startOf = (source: string, test: string): RegExpExecArray | null =>
  new RegExp(`\\n(?:func ${test}\\(|var ${test} = )`).exec(source)

export function hasTest(source: string, test: string): boolean {
  return startOf(source, test) !== null
}

function bodyOf(source: string, test: string): string {
  const start = startOf(source, test)
  if (start === null) throw new Error(`there is no ${test}`)
  return source.slice(start.index, source.indexOf('\n}\n', start.index) + 2)
}

function fieldsOf(declaration: string): string[] {
  return declaration.split('\n').flatMap((line) => {
    const names = /^\s*(\w+(?:, \w+)*)\s+\S/.exec(line.replace(/\/\/.*/, ''))
    return names === null ? [] : names[1]!.split(', ')
  })
}

function rowOf(row: GoExpression, fields: readonly string[]): GoRow {
  if (row.is !== 'composite') throw new Error('a row of the table is no literal')
  return new Map(
    row.elements.map(({ key, value }, at) => [key?.is === 'name' ? key.name : (fields[at] ?? String(at)), value]),
  )
}
