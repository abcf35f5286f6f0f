// JSON schemas for kubeconform, from the OpenAPI document of a real API server: unknown fields are errors.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kube } from './kube.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string
    readonly version: string
    readonly kind: string
  }[]
}

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const start = '#/definitions/'

/** Writes one file for each kind; returns the location for kubeconform's `-schema-location`. */
export async function writeSchemas(kube: Kube, folder: string): Promise<string> {
  const { definitions } = (await kube.call('GET', '/openapi/v2')) as unknown as {
    readonly definitions: Readonly<Record<string, Schema>>
  }
  mkdirSync(folder)
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      // Options of requests belong to every group.
      if (schema.properties?.['metadata'] === undefined) continue
      // kubeconform takes the version as the group of the core.
      const file = `${group === '' ? version : group}-${version}-${kind}.json`.toLowerCase()
      writeFileSync(join(folder, file), JSON.stringify(whole(name, definitions)))
    }
  }
  return join(folder, '{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json')
}

/** A definition with those that it refers to. */
function whole(name: string, definitions: Readonly<Record<string, Schema>>): object {
  const found: Record<string, object> = {}
  const collect = (of: string): void => {
    if (of in found) return
    found[of] = {}
    const schema = definitions[of]
    found[of] =
      of === quantity || schema === undefined ? { type: ['string', 'number'] } : strict(schema, (each) => collect(each))
  }
  collect(name)
  return { $schema: 'http://json-schema.org/draft-07/schema#', $ref: start + name, definitions: found }
}

function strict(schema: Schema, refersTo: (name: string) => void): object {
  if (schema.$ref !== undefined) {
    refersTo(schema.$ref.slice(start.length))
    return { $ref: schema.$ref }
  }
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
    return { type: ['integer', 'string'] }
  const { properties, items, additionalProperties: more, required, type } = schema
  const isOpen = properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...(type === undefined ? {} : { type }),
    ...(required === undefined ? {} : { required }),
    ...(items === undefined ? {} : { items: strict(items, refersTo) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, each]) => [key, strict(each, refersTo)]),
          ),
        }),
    ...(typeof more === 'object'
      ? { additionalProperties: strict(more, refersTo) }
      : isOpen
        ? {}
        : { additionalProperties: false }),
  }
}
