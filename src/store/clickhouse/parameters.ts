import { WeirError } from '../../model/errors.ts'
import {
  kindOfValue,
  missingParameter,
  type SqlParameters,
  type SqlValue,
  type SqlValueKind,
} from '../../model/sql-parameters.ts'

const types: Readonly<Record<SqlValueKind, string>> = {
  text: 'String',
  integer: 'Int64',
  number: 'Float64',
  nothing: 'Nothing',
}

/** Texts, comments and quoted names are not searched. A word may contain a `$`. */
const tokens =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^])*"|`(?:[^`\\]|\\[^])*`|--[^\n]*|#[ !][^\n]*|\/\*[^]*?\*\/|\$(\w*)\$[^]*?\$\1\$|[\w$]*\w\$\w*|\$([a-zA-Z]\w*)/g

/** `$name` becomes `{name:Type}`, which the server substitutes in the syntax tree. */
export function withTypes(statement: string, parameters: SqlParameters): string {
  const given = new Map(Object.entries(parameters))
  return statement.replace(tokens, (token, _heredoc: string | undefined, name: string | undefined) => {
    if (name === undefined) return token
    const value = given.get(name)
    if (value === undefined) throw new WeirError('WEIR_SQL_REFUSED', missingParameter(name))
    const type = types[kindOfValue(value)]
    return `{${name}:${typeof value === 'object' ? `Array(${type})` : type}}`
  })
}

/** Parameters of the request, in the escaped format that the server expects. */
export function parameterFields(parameters: SqlParameters): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      `param_${name}`,
      typeof value === 'object' ? `[${value.map(listItem).join(',')}]` : escaped(value),
    ]),
  )
}

function listItem(value: SqlValue): string {
  return typeof value === 'string' ? `'${escaped(value).replaceAll("'", "\\'")}'` : String(value)
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
}

function escaped(value: string | number): string {
  return String(value).replaceAll(/[\\\t\n\r\b\f]/g, (character) => escapes[character] ?? character)
}
