/** Template variables. */
import { parameterName } from '../../../model/sql-parameters.ts'
import type { DashboardFile, ImportNote } from '../schema.ts'
import { inside, listIn, objectIn, objectsIn, textIn, type Json } from './model.ts'
import type { Sources } from './sources.ts'

type Variable = NonNullable<DashboardFile['variables']>[number]
export type ImportedVariables = Readonly<{
  variables: readonly Variable[]
  leftOut: readonly ImportNote[]
  changed: readonly ImportNote[]
}>

const maxOptions = 100

export function variablesOf(dashboard: Json, sources: Sources): ImportedVariables {
  const leftOut: ImportNote[] = []
  const changed: ImportNote[] = []
  const variables: Variable[] = []
  for (const variable of objectsIn(inside(dashboard, 'templating')['list'])) {
    const name = textIn(variable['name'])
    const panel = `$${name}`
    // Weir has one source of metrics and one of logs.
    if (variable['type'] === 'datasource') continue
    if (!parameterName.test(name) || variables.some((other) => other.name === name)) {
      leftOut.push({ panel, reason: 'a variable has letters, digits and _, at most 40, and a name of one variable' })
      continue
    }
    const read = readVariable(variable, sources)
    if (typeof read === 'string') leftOut.push({ panel, reason: read })
    else variables.push({ name, ...read.variable })
    if (typeof read !== 'string') changed.push(...read.notes.map((reason) => ({ panel, reason })))
  }
  return { variables, leftOut, changed }
}

type Read = Readonly<{ variable: Omit<Variable, 'name'>; notes: readonly string[] }>

function readVariable(variable: Json, sources: Sources): Read | string {
  const type = textIn(variable['type'])
  switch (type) {
    case 'query':
      return ofQuery(variable, sources)
    case 'custom':
    case 'interval':
      return ofOptions(variable)
    case 'constant':
    case 'textbox':
      return { variable: { value: textIn(variable['query']) || chosenOf(variable).join('') }, notes: [] }
    default:
      return `variables of type ${type || 'unknown'}`
  }
}

function ofQuery(variable: Json, sources: Sources): Read {
  const { query, definition, datasource } = variable
  const written = textIn(query) || textIn(objectIn(query)['query']) || textIn(definition) || lokiQuery(objectIn(query))
  const isLogs = sources(datasource)?.is === 'logs'
  const values = written.trim().startsWith('label_values(') ? `${isLogs ? 'log_' : ''}${written.trim()}` : ''
  const notes = [
    ...(values === '' && written !== '' ? [`its values: ${written}`] : []),
    ...(textIn(variable['regex']) === '' ? [] : [`regular expression ${textIn(variable['regex'])} of its values`]),
  ]
  return { variable: { ...ofChoice(variable), ...(values === '' ? {} : { query: values }) }, notes }
}

/** Loki’s form has members instead of a text. */
function lokiQuery({ label, stream }: Json): string {
  if (textIn(label) === '') return ''
  return textIn(stream) === '' ? `label_values(${textIn(label)})` : `label_values(${textIn(stream)}, ${textIn(label)})`
}

function ofOptions(variable: Json): Read {
  const written = textIn(variable['query'])
    .split(/(?<!\\),/)
    .map((option) => (option.split(' : ').at(-1) ?? '').trim().replaceAll('\\,', ','))
  const options = [...new Set(written)].filter((option) => option !== '' && option !== 'auto').slice(0, maxOptions)
  const { value = '', type } = ofChoice(variable)
  const usual = value === '' && type !== 'list' ? (options[0] ?? '') : value
  return { variable: { value: usual, ...(type === undefined ? {} : { type }), options }, notes: [] }
}

/** Several values, or all, are a list; an empty one is all. */
function ofChoice(variable: Json): Pick<Variable, 'value' | 'type'> {
  const isList = variable['multi'] === true || variable['includeAll'] === true
  const chosen = chosenOf(variable).filter((value) => !isAll(value))
  if (!isList) return { value: chosen[0] ?? '' }
  return { value: chosen.map(itemText).join(', '), type: 'list' }
}

const isAll = (value: string) => value === '$__all' || value === 'All' || value === '.*' || value === '.+'
const itemText = (item: string) => (/^[\w.:/-]+$/.test(item) ? item : `"${item.replaceAll(/[\\"]/g, String.raw`\$&`)}"`)

function chosenOf(variable: Json): readonly string[] {
  const { value } = objectIn(variable['current'])
  const values = Array.isArray(value) ? listIn(value) : [value]
  return values.map(textIn).filter((text) => text !== '' && !text.startsWith('$__auto_interval'))
}
