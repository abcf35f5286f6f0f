import * as z from 'zod'
import type { AnyComponentSchema } from './component.ts'
import { takesReference } from './references.ts'
import { findInfo, type ComponentTypes, type FieldInfo } from './field.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema

export function jsonSchema(schema: AnyComponentSchema): JsonSchema {
  const definitions: Definitions = new Map()
  const { $schema, ...body } = convert(schema.zod, definitions)
  const head = { ...($schema === undefined ? {} : { $schema }), title: schema.type, description: schema.summary }
  return { ...head, ...body, ...(definitions.size === 0 ? {} : { $defs: Object.fromEntries(definitions) }) }
}

type Definitions = Map<string, JsonSchema>

function convert(schema: z.ZodType, definitions: Definitions): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema: node }) => {
      const info = findInfo(zodSchema)
      if (info !== undefined) describe(info, node, definitions)
    },
  })
  // Drops zod's hidden property.
  return JSON.parse(JSON.stringify(json)) as JsonSchema
}

function describe(info: FieldInfo, node: JsonSchema, definitions: Definitions) {
  node.description = info.unit === undefined ? info.description : `${info.description} (${info.unit})`
  if (info.example !== undefined) node.examples = [info.example]
  if (node.default === null) delete node.default
  if (info.kind === 'integer') bounds(info, node)
  if (info.kind === 'secret') node.writeOnly = true
  if (info.pattern !== undefined)
    pattern(takesReference(info) ? `^(?:env|file):.+|${info.pattern}` : info.pattern, info, node)
  if (info.components !== undefined) entries(info.components, node, definitions)
}

function bounds(info: FieldInfo, node: JsonSchema) {
  if (info.min === undefined) delete node.minimum
  if (info.max === undefined) delete node.maximum
}

function pattern(source: string, info: FieldInfo, node: JsonSchema) {
  if (node.type === 'string') node.pattern = source
  for (const option of (node.anyOf ?? []) as JsonSchema[]) {
    if (option.type === 'string') option.pattern = info.kind === 'listen' ? `^(?:off|no|false)$|${source}` : source
  }
}

function entries(components: ComponentTypes, node: JsonSchema, definitions: Definitions) {
  const references = new Map(components.names.map((name) => [name, define(name, components, definitions)]))
  const named: JsonSchema = { type: 'object', required: ['type'], anyOf: [...references.values()] }
  node.additionalProperties = named
  node.properties = Object.fromEntries(
    [...references].map(([name, reference]) => {
      const needsNothing = resolve(reference, definitions)?.required === undefined
      const implied: JsonSchema = { ...reference, not: { required: ['type'] } }
      return [name, { anyOf: [implied, named, ...(needsNothing ? [{ type: 'null' as const }] : [])] }]
    }),
  )
}

function define(name: string, components: ComponentTypes, definitions: Definitions): JsonSchema {
  const schema = components.jsonSchemaOf(name)
  const { $schema: _, properties, ...rest } = schema === undefined ? {} : convert(schema, definitions)
  const key = `${definitions.size + 1}-${name}`
  definitions.set(key, {
    ...rest,
    title: name,
    description: components.summaryOf(name),
    properties: { type: { const: name }, ...properties },
  })
  return { $ref: `#/$defs/${key}` }
}

function resolve(reference: JsonSchema, definitions: Definitions) {
  return definitions.get(reference.$ref?.slice('#/$defs/'.length) ?? '')
}
