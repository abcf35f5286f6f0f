/** Types of expressions, from the registry of fields. Rows are read without types, so that fields can be absent. */
import type { Environment } from '@marcbachmann/cel-js'
import type { ColumnKind } from '../../model/columns.ts'
import { flowFields, resolveFieldName } from '../../model/fields.ts'

const typeOf: Readonly<Record<ColumnKind, string>> = {
  u8: 'int',
  u16: 'int',
  u32: 'int',
  u64: 'int',
  i32: 'int',
  f64: 'double',
  ip: 'string',
  mac: 'string',
  dict: 'string',
  time: 'google.protobuf.Timestamp',
  'list<u8>': 'list<dyn>',
  'list<dict>': 'list<dyn>',
  json: 'dyn',
}

const attributes: Readonly<Record<string, string>> = {
  id: 'string',
  source: 'string',
  type: 'string',
  subject: 'string',
  family: 'string',
  key: 'string',
  ref: 'string',
  dataschema: 'string',
  time: 'google.protobuf.Timestamp',
  data: 'dyn',
  extensions: 'dyn',
}

const kinds = new Map<string, ColumnKind>(flowFields.map(({ name, kind }) => [name, kind]))

function fieldType(name: string): string | undefined {
  const kind = kinds.get(resolveFieldName(name) ?? '')
  return kind === undefined ? undefined : typeOf[kind]
}

/** Values of different types are unequal at run time, which is no error. */
const comparable = ['int', 'double', 'string', 'bool', 'google.protobuf.Timestamp', 'list<dyn>', 'null']
const conversions = new Set(['int double'])

/** `plain`: the functions, without variables. */
export function typeChecker(plain: Environment): (text: string, bare: string) => unknown {
  for (const [index, left] of comparable.entries())
    for (const right of comparable.slice(index + 1))
      if (!conversions.has(`${left} ${right}`)) plain.registerOperator(`${left} == ${right}`, () => false)
  return (text, bare) => {
    const names = plain.clone()
    declare(names, 'flow', bare, fieldType)
    declare(names, 'event', bare, (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined))
    const { valid, error } = names.check(text) as { valid: boolean; error?: { summary?: string } }
    // Branches may have different types at run time.
    return valid || error?.summary?.startsWith('Ternary branches') === true ? undefined : error
  }
}

class Row {}

/** Without types if the row is read in another way than by known names. `bare`: the text without literals. */
function declare(names: Environment, variable: string, bare: string, typeOfName: (name: string) => string | undefined) {
  const read = [...bare.matchAll(new RegExp(`(?<![\\w.])${variable}\\s*\\.\\s*(\\w+)`, 'g'))].map(
    ([, name = '']) => name,
  )
  const uses = [...bare.matchAll(new RegExp(`(?<![\\w.])${variable}\\b`, 'g'))].length
  const fields = read.flatMap((name) => {
    const type = typeOfName(name)
    return type === undefined ? [] : [[name, type] as const]
  })
  if (uses === 0 || fields.length < uses) names.registerVariable(variable, 'map')
  else
    names
      .registerType(`row.${variable}`, { ctor: class extends Row {}, fields: Object.fromEntries(fields) })
      .registerVariable(variable, `row.${variable}`)
}
