import { describe, expect, expectTypeOf, it } from 'vitest'
import { nats, netflow, stdout, weir } from './fixtures/schemas.ts'
import {
  bytes,
  choice,
  componentMap,
  configFrom,
  defineSchema,
  flag,
  group,
  integer,
  text,
  type AnyComponentSchema,
  type ConfigOf,
  type HostPort,
  type Secret,
  type WrittenConfigOf,
} from './index.ts'

describe('a schema', () => {
  it('gives the type of its settings', () => {
    type Netflow = ConfigOf<typeof netflow>
    expectTypeOf<Netflow['listen']>().toEqualTypeOf<readonly HostPort[]>()
    expectTypeOf<Netflow['template_timeout']>().toEqualTypeOf<number>()
    type Nats = ConfigOf<typeof nats>
    expectTypeOf<Nats['when_behind']>().toEqualTypeOf<'drop' | 'block'>()
    expectTypeOf<Nats['token']>().toEqualTypeOf<Secret | null>()
    expectTypeOf<Nats['retry']['max_elapsed']>().toEqualTypeOf<number | null>()
    expectTypeOf<Extract<Nats['auth'], { type: 'bearer' }>['token']>().toEqualTypeOf<Secret>()
    expectTypeOf<Nats['tls']>().extract<null>().toEqualTypeOf<null>()
    expectTypeOf<WrittenConfigOf<typeof nats>['url']>().toEqualTypeOf<string>()
    expect(Object.keys(nats.fields)).toContain('auth')
  })

  it('fills in defaults, in milliseconds and bytes', () => {
    expect(configFrom(netflow, {})).toEqual({
      listen: [
        { host: '0.0.0.0', port: 2055 },
        { host: '0.0.0.0', port: 4739 },
      ],
      receive_buffer: 8_388_608,
      template_timeout: 1_800_000,
      exporters: [],
    })
    expect(configFrom(nats, { url: 'nats://h:4222' })).toMatchObject({
      tls: null,
      token: null,
      auth: { type: 'none' },
      batch: { events: 1000, bytes: 1_048_576, wait: 1000 },
    })
  })

  it('refuses wrong values of a program with all problems in one message', () => {
    expect(() => configFrom(nats, { url: 'h', replicas: 0 })).toThrow(
      /nats: error: url: .*\n(.*\n)*nats: error: replicas: /,
    )
  })

  it.each(['off', 'Off', 'no', 'false', false] as const)('takes %j for listening nowhere', (listen) => {
    expect(configFrom(netflow, { listen }).listen).toEqual([])
  })

  it('keeps its metadata through a refinement', () => {
    const even = integer({ description: 'An even number', default: 2 }).refine((n) => n % 2 === 0, {
      message: 'expected an even number',
    })
    const schema = defineSchema({ type: 'even', role: 'setting', summary: 'Even', fields: { even } })
    expect(configFrom(schema, {})).toEqual({ even: 2 })
    expect(() => configFrom(schema, { even: 3 })).toThrow('even: expected an even number')
  })
})

describe('a field', () => {
  it('does not compile without a description, or without a default or an example', () => {
    // @ts-expect-error no description
    expect(() => text({ default: 'a' })).toThrow('A field needs a description.')
    // @ts-expect-error neither required nor a default
    text({ description: 'A' })
    // @ts-expect-error required, but shows no example
    text({ description: 'A', required: true })
    // @ts-expect-error unset, but shows no example
    flag({ description: 'A', default: null })
    // @ts-expect-error a default that is not one of the choices
    choice(['a', 'b'], { description: 'A', default: 'c' })
    // @ts-expect-error a default that lacks a required field
    group({ a: text({ description: 'A', required: true, example: 'x' }) }, { description: 'A', default: {} })
  })

  it('with an empty description is refused when it is made', () => {
    expect(() => text({ description: ' ', default: 'a' })).toThrow('A field needs a description.')
  })

  it('with bounds that are no sizes is refused when it is made', () => {
    expect(() => bytes({ description: 'A', default: '1KiB' }, { min: '1 potato' })).toThrow(TypeError)
  })
})

describe('a component map', () => {
  it('yields entries with the settings of their type', () => {
    const { sinks } = configFrom(weir, {
      sinks: { stdout: null, main: { type: 'nats', url: 'nats://h:4222', from: ['netflow'] } },
    })
    const main = sinks['main']
    if (main?.type !== 'nats') throw new Error('main is not nats')
    expectTypeOf(main.settings).toEqualTypeOf<ConfigOf<typeof nats>>()
    expect(main).toMatchObject({ id: 'main', common: { from: ['netflow'] }, settings: { url: 'nats://h:4222' } })
    expect(sinks['stdout']).toEqual({
      id: 'stdout',
      type: 'stdout',
      common: { from: [] },
      settings: { format: 'json' },
    })
  })

  it('takes schemas that are known only at run time', () => {
    const known: Record<string, AnyComponentSchema> = { netflow, stdout }
    const schema = defineSchema({
      type: 'any',
      role: 'setting',
      summary: 'Any',
      fields: { all: componentMap(known, { description: 'All', default: {} }) },
    })
    expect(configFrom(schema, { all: { stdout: { format: 'text' } } }).all['stdout']?.settings).toEqual({
      format: 'text',
    })
  })

  it('lets a type replace defaults of common fields, which a written value overrides', () => {
    const common = {
      delivery: group(
        {
          events: integer({ description: 'Events', default: 1000 }),
          wait: integer({ description: 'Wait', default: 0 }),
        },
        { description: 'Delivery', default: {} },
      ),
    }
    const type = (name: string, defaults?: AnyComponentSchema['common']) =>
      defineSchema({
        type: name,
        role: 'sink',
        summary: 'A type',
        fields: {},
        ...(defaults === undefined ? {} : { common: defaults }),
      })
    const types = { plain: type('plain'), large: type('large', { delivery: { events: 50_000, wait: 5 } }) }
    const whole = defineSchema({
      type: 'whole',
      role: 'setting',
      summary: 'All',
      fields: { sinks: componentMap(types, { description: 'Sinks', default: {} }, common) },
    })
    const { sinks } = configFrom(whole, {
      sinks: { plain: {}, large: {}, own: { type: 'large', delivery: { events: 7 } } },
    })
    expect(Object.values(sinks).map(({ common: { delivery } }) => delivery)).toEqual([
      { events: 1000, wait: 0 },
      { events: 50_000, wait: 5 },
      { events: 7, wait: 5 },
    ])
    expect(() => configFrom(whole, { sinks: { large: { delivery: 3 } } })).toThrow('delivery: expected a map')
  })

  it('rejects schemas with a field `type` or one of a common name', () => {
    const field = text({ description: 'A', default: 'a' })
    const schema = defineSchema({ type: 'a', role: 'sink', summary: 'A', fields: { from: field } })
    const meta = { description: 'All', default: {} }
    expect(() => componentMap({ a: schema }, meta, { from: field })).toThrow('The field `from` of `a`')
    expect(() => componentMap({ a: schema }, meta, { type: field })).toThrow('`type`')
  })

  it('does not take a name of Object.prototype for a type', () => {
    expect(() => configFrom(weir, { sinks: { constructor: {} } })).toThrow('`constructor` is not a type')
  })
})
