/** Datasources of panels and queries. */
import { inside, objectIn, objectsIn, textIn, type Json } from './model.ts'

/** `metrics` and `logs` have an equal; undefined: a name that the file does not explain. */
export type SourceKind = Readonly<{ is: 'metrics' | 'logs' } | { is: 'mixed' } | { is: 'foreign'; name: string }>

export type Sources = (datasource: unknown) => SourceKind | undefined

/** From the inputs of an export and the variables of datasources. */
export function sourcesOf(dashboard: Json): Sources {
  const types = new Map<string, string>()
  for (const { name, type, pluginId } of objectsIn(dashboard['__inputs']))
    if (type === 'datasource') types.set(textIn(name), textIn(pluginId))
  for (const { name, type, query } of objectsIn(inside(dashboard, 'templating')['list']))
    if (type === 'datasource') types.set(textIn(name), textIn(query))
  return (datasource) => {
    if (typeof datasource === 'string') return named(datasource, types)
    const { type, uid } = objectIn(datasource)
    if (textIn(type) === 'datasource') return named(textIn(uid), types)
    return textIn(type) === '' ? named(textIn(uid), types) : kindOf(textIn(type))
  }
}

const builtIn: Readonly<Record<string, SourceKind>> = {
  '-- Mixed --': { is: 'mixed' },
  '-- Grafana --': { is: 'foreign', name: 'Grafana' },
  grafana: { is: 'foreign', name: 'Grafana' },
  '-- Dashboard --': { is: 'foreign', name: 'another panel' },
  __expr__: { is: 'foreign', name: 'expressions of Grafana' },
}

function named(name: string, types: ReadonlyMap<string, string>): SourceKind | undefined {
  if (Object.hasOwn(builtIn, name)) return builtIn[name]
  const variable = /^(?:\$\{?(\w+)(?::\w+)?\}?|\[\[(\w+)\]\])$/.exec(name)
  const type = types.get(variable?.[1] ?? variable?.[2] ?? name)
  if (type !== undefined && type !== '') return kindOf(type)
  return /loki/i.test(name)
    ? { is: 'logs' }
    : /prometheus|mimir|thanos|victoria/i.test(name)
      ? { is: 'metrics' }
      : undefined
}

function kindOf(type: string): SourceKind {
  if (Object.hasOwn(builtIn, type)) return builtIn[type]!
  if (type === 'loki' || /loki/i.test(type)) return { is: 'logs' }
  if (/prometheus|mimir|thanos|victoriametrics-metrics|victoriametrics-datasource/i.test(type)) return { is: 'metrics' }
  return { is: 'foreign', name: type }
}
