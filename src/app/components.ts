import { networksSchema } from '../identity/networks-file.ts'
import { defineSchema, infoOf, type AnyComponentSchema, type Fields, type Role } from '../schema/index.ts'
import { weirSchema } from './config.ts'
import { deliveryFields } from './config-delivery.ts'

export type Component = Readonly<{
  /** Unique: `nats`, or `sink/kafka` where a source has the same name. */
  name: string
  type: string
  role: Role
  summary: string
  under?: 'sources' | 'sinks' | 'transforms'
  schema: AnyComponentSchema
  entry: AnyComponentSchema
}>

const places = { sources: 'source', sinks: 'sink', transforms: 'transform' } as const satisfies Record<string, Role>

export function components(): readonly Component[] {
  const entries = (Object.keys(places) as (keyof typeof places)[]).flatMap(entriesUnder)
  const twice = (type: string) => entries.filter((entry) => entry.type === type).length > 1
  return [
    whole(weirSchema),
    ...entries.map((entry) => ({ ...entry, name: twice(entry.type) ? `${entry.role}/${entry.type}` : entry.type })),
    whole(deliverySchema),
    whole(networksSchema),
  ]
}

function whole(schema: AnyComponentSchema): Component {
  const { type, role, summary } = schema
  return { name: type, type, role, summary, schema, entry: schema }
}

const deliverySchema = defineSchema({
  type: 'delivery',
  role: 'setting',
  summary: 'Settings that every sink and transform accepts in addition to its own',
  fields: deliveryFields,
})

function entriesUnder(under: keyof typeof places): Component[] {
  const types = infoOf(weirSchema.fields[under]).components
  return (types?.names ?? []).map((type) => {
    const all = types?.fieldsOf(type) ?? {}
    const common = under === 'sources' ? {} : deliveryFields
    const specific = Object.fromEntries(Object.entries(all).filter(([key]) => !Object.hasOwn(common, key)))
    const summary = types?.summaryOf(type) ?? ''
    const make = (fields: Fields): AnyComponentSchema => defineSchema({ type, role: places[under], summary, fields })
    return {
      name: type,
      type,
      role: places[under],
      summary,
      under,
      schema: make(specific),
      entry: make({ ...specific, ...all }),
    }
  })
}
