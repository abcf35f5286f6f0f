import { describe, expect, it } from 'vitest'
import { nats, netflow, stdout, weir } from './fixtures/schemas.ts'
import {
  formatProblems,
  infoOf,
  jsonSchema,
  parseYaml,
  reference,
  sample,
  validate,
  type AnyComponentSchema,
} from './index.ts'

const all: [string, AnyComponentSchema][] = [netflow, nats, stdout, weir].map((schema) => [schema.type, schema])

function problemsOf(schema: AnyComponentSchema, text: string): string {
  return formatProblems(validate(schema, parseYaml(text, 'sample')).problems ?? [], text)
}

describe.each(all)('documents derived from the schema of %s:', (_, schema) => {
  it('the sample is valid as it stands', () => {
    expect(problemsOf(schema, sample(schema))).toBe('')
  })

  it('the sample is valid with every unset field switched on', () => {
    const everything = sample(schema).replace(/^(\s*)#(?=\S)/gm, '$1')
    expect(problemsOf(schema, everything)).toBe('')
    expect(everything).not.toMatch(/^\s*#\S/m)
  })

  it('the sample and the reference name and describe every field', () => {
    for (const [key, field] of Object.entries(schema.fields)) {
      expect(sample(schema)).toContain(`# ${infoOf(field).description}`)
      expect(reference(schema)).toContain(`| \`${key}\` | `)
    }
  })

  it('the JSON Schema lists every field and no other', () => {
    expect(Object.keys(jsonSchema(schema).properties ?? {})).toEqual(Object.keys(schema.fields))
    expect(jsonSchema(schema).additionalProperties).toBe(false)
  })
})

it('the reference has a row of five cells for each field, dotted for groups', () => {
  const rows = reference(nats).trim().split('\n')
  expect(rows).toContain('| `replicas` | integer 1–5, servers | `1` | Copies of the stream |  |')
  expect(rows).toContain('| `url` | url | **required** | A server of the cluster | `nats://127.0.0.1:4222` |')
  expect(rows).toContain(
    '| `when_behind` | `drop` \\| `block` | `drop` | What happens when the sink is too far behind |  |',
  )
  expect(rows).toContain(
    '| `auth.token` | secret | **required** | With `type: bearer`: bearer token of the `Authorization` ' +
      'header | `env:API_TOKEN` |',
  )
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([])
})

it('the JSON Schema has texts for durations, required fields without defaults, write-only secrets', () => {
  const { properties, required } = jsonSchema(nats)
  expect(required).toEqual(['url'])
  expect(properties?.['token']).toEqual({
    type: 'string',
    description: 'Token of the server',
    examples: ['env:NATS_TOKEN'],
    writeOnly: true,
  })
  expect(properties?.['replicas']).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: 5,
    default: 1,
    description: 'Copies of the stream (servers)',
  })
  expect(properties?.['retry']).toMatchObject({
    properties: { initial: { type: 'string', pattern: '^\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)$', default: '500ms' } },
  })
  const { properties: top, $defs } = jsonSchema(weir)
  expect(Object.keys($defs ?? {})).toHaveLength(3)
  expect(top?.['sinks']).toMatchObject({ additionalProperties: { required: ['type'] } })
})
