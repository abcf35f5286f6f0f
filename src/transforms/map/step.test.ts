import { describe, expect, it } from 'vitest'
import { flowJson } from '../../codecs/flow-json/index.ts'
import type { SinkPiece } from '../../engine/contracts.ts'
import type { Batch } from '../../model/batches.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { mapSchema } from './config.ts'
import { problemOf } from './expression.ts'
import { mapStep } from './step.ts'

function run(config: WrittenConfigOf<typeof mapSchema>, batch: Batch): { rows: unknown[]; failures: unknown } {
  const rows = Uint32Array.from({ length: batch.count }, (_, row) => row)
  const { outputs, failures } = mapStep(configFrom(mapSchema, config)).take({ batch, rows, firstRow: 0 } as SinkPiece)
  return {
    failures,
    rows: outputs.flatMap(({ batch: out }) => {
      const json = out.kind === 'flows' ? flowJson(out) : undefined
      return Array.from({ length: out.count }, (_, row) => {
        if (json !== undefined) return JSON.parse(json(row)) as unknown
        if (out.kind !== 'events') return undefined
        const { data, ...event } = eventAt(out, row)
        return { ...event, ...(data === undefined ? {} : { data: new TextDecoder().decode(data) }) }
      })
    }),
  }
}

function flows(): Batch {
  const builder = new FlowBuilder(2)
  builder.reserve(2)
  const [bytes, port, name] = [builder.column('bytes'), builder.column('dst_port'), builder.column('src_name')]
  bytes.items.set([0xffff_ffff, 0x7fff_ffff, 7, 0])
  bytes.markRows(0, 2)
  port.fill(443, 0, 1)
  name.fill(builder.code('web'), 0, 2)
  builder.commit(2)
  return builder.batch()
}

const event = (data: string, more: Partial<WeirEvent> = {}): WeirEvent => ({
  id: '1',
  source: '/s',
  type: 't',
  family: 'event',
  encoding: 'json',
  data: new TextEncoder().encode(data),
  ...more,
})

describe('map', () => {
  it('sets fields of flows exactly, also beyond 2^53, and unknown names in extra', () => {
    const { rows, failures } = run(
      { set: { bytes: 'flow.bytes - 1', scope: '"p"', rack: 'flow.bytes % 10', up: 'true' } },
      flows(),
    )
    expect(rows).toEqual([
      { bytes: '9223372036854775806', dst_port: 443, src_name: 'web', scope: 'p', extra: { rack: 7, up: true } },
      { bytes: 6, src_name: 'web', scope: 'p', extra: { rack: 7, up: true } },
    ])
    expect(failures).toEqual([])
  })

  it('renames columns, moves them into extra, drops them, and removes columns set to null', () => {
    expect(run({ rename: { src_name: 'dst_name', dst_port: 'door' }, drop: ['bytes'] }, flows()).rows).toEqual([
      { dst_name: 'web', extra: { door: 443 } },
      { dst_name: 'web' },
    ])
    expect(run({ set: { src_name: 'null' } }, flows()).rows[1]).toEqual({ bytes: 7 })
  })

  it('copies columns, retains named ones and members, and drops the others', () => {
    const config = {
      rename: { src_name: 'dst_name' },
      copy: { dst_port: 'door', bytes: 'Bytes_copy' },
      keep: ['bytes'],
    }
    expect(run(config, flows()).rows).toEqual([
      { dst_name: 'web', bytes: '9223372036854775807', extra: { door: 443, Bytes_copy: '9223372036854775807' } },
      { dst_name: 'web', bytes: 7, extra: { Bytes_copy: 7 } },
    ])
    const [first] = mapStep(configFrom(mapSchema, { set: { a: '1', b: '[2]' }, drop: ['bytes'] })).take({
      batch: flows(),
      rows: Uint32Array.of(0, 1),
      firstRow: 0,
    } as unknown as SinkPiece).outputs
    expect(run({ keep: ['src_port', 'b'] }, first?.batch ?? flows()).rows).toEqual([
      { extra: { b: [2] } },
      { extra: { b: [2] } },
    ])
    expect(run({ keep: [], set: { n: 'flow.src_name', 'extra.id': '5' } }, flows()).rows[1]).toEqual({
      extra: { n: 'web', id: 5 },
    })
  })

  it('names services by port and protocol, subnets of addresses, and TCP flags', () => {
    const set = {
      known: 'service(flow.dst_port, 6)',
      own: 'service(7443, 6)',
      unknown: 'service(7443, 17)',
      net4: 'subnet("10.1.2.3", 12)',
      all: 'subnet("10.1.2.3", 0)',
      net6: 'subnet("2001:db8:1:2:3::1", 47)',
      too_long: 'subnet("10.1.2.3", 33)',
      flags: 'flag_names(18)',
      none: 'flag_names(0)',
    }
    const { rows, failures } = run({ keep: [], set, services: { '7443/TCP': 'shop' } }, flows())
    expect(rows).toEqual([
      {
        extra: {
          known: 'https',
          own: 'shop',
          net4: '10.0.0.0/12',
          all: '0.0.0.0/0',
          net6: '2001:db8::/47',
          flags: ['SYN', 'ACK'],
        },
      },
    ])
    expect(failures).toEqual([{ index: 1, is: 'reject', reason: 'set.known: No such key: dst_port' }])
    expect(() => configFrom(mapSchema, { set, services: { '7443': 'x' } })).toThrow('no port')
  })

  it('rejects a row with a failing expression, with the reason, and passes the others', () => {
    expect(run({ set: { src_port: 'flow.dst_port + 1' } }, flows())).toEqual({
      rows: [expect.objectContaining({ src_port: 444 })],
      failures: [{ index: 1, is: 'reject', reason: 'set.src_port: No such key: dst_port' }],
    })
    expect(run({ set: { dst_port: 'flow.bytes' } }, flows()).failures).toEqual([
      { index: 0, is: 'reject', reason: 'set.dst_port: the value does not fit the field' },
    ])
  })

  it('changes envelope and body of events, and keeps every digit of the rest', () => {
    const batch = toEventBatch([event('{"n":12345678901234567890.125,"a":{"b":1,"c":2},"x":3}', { subject: 's' })])
    const config = {
      rename: { 'data.a.b': 'data.moved.to' },
      drop: ['data.x', 'subject'],
      set: {
        'data.sum': 'event.data.a.b + event.data.a.c',
        key: 'event.source + "/" + event.subject',
        'extensions.level': '5',
      },
    }
    expect(run(config, batch).rows).toEqual([
      {
        id: '1',
        source: '/s',
        type: 't',
        family: 'event',
        encoding: 'json',
        key: '/s/s',
        extensions: { level: 5 },
        data: '{"n":12345678901234567890.125,"a":{"c":2},"moved":{"to":1},"sum":3}',
      },
    ])
  })

  it('copies parts of events, which later steps do not change', () => {
    const batch = toEventBatch([event('{"a":{"n":12345678901234567890,"b":1}}', { subject: 's' })])
    const config = { copy: { 'data.a': 'data.c', subject: 'extensions.about' }, drop: ['data.a.b'] }
    expect(run(config, batch).rows).toMatchObject([
      {
        subject: 's',
        extensions: { about: 's' },
        data: '{"a":{"n":12345678901234567890},"c":{"n":12345678901234567890,"b":1}}',
      },
    ])
  })

  it('rejects invalid JSON, an unknown family, and a path into a prototype', () => {
    const failed = (set: Record<string, string>, data = '{}'): unknown =>
      run({ set }, toEventBatch([event(data)])).failures
    expect(failed({ 'data.a': '1' }, '{')).toEqual([
      { index: 0, is: 'reject', reason: 'the data is declared as JSON but does not parse' },
    ])
    expect(failed({ family: '"adit"' })).toEqual([
      { index: 0, is: 'reject', reason: 'set.family: there is no family adit' },
    ])
    expect(failed({ 'data.__proto__.x': '1' })).toEqual([
      { index: 0, is: 'reject', reason: 'set.data.__proto__.x: __proto__ is not allowed' },
    ])
  })

  it('limits expressions in length, depth and nodes, and finds regular expressions in linear time', () => {
    expect(problemOf('1'.repeat(5000))?.message).toContain('4096')
    expect(problemOf(`${'('.repeat(60)}1${')'.repeat(60)}`)?.message).toBeDefined()
    expect(problemOf(Array.from({ length: 600 }, () => '1').join(' + '))?.message).toBeDefined()
    expect(problemOf('nothing + 1')?.message).toContain('nothing')
    expect(problemOf('"flow.x" == "a"')).toBeUndefined()
    expect(problemOf('cel.bind(a, [1], a + a)')?.message).toContain('cel.bind')
    const batch = toEventBatch([event(JSON.stringify({ t: 'a'.repeat(30) }))])
    expect(run({ set: { 'data.hit': 'found(event.data.t, "(a+)+$")' } }, batch).rows).toMatchObject([
      { data: expect.stringContaining('"hit":true') as string },
    ])
  })

  it('rejects a row before an expression takes long or makes a large value, and passes the next one', () => {
    const list = (count: number): string => JSON.stringify({ list: Array.from({ length: count }, (_, at) => at) })
    const rejects = (expression: string, data: string): void => {
      const { failures, rows } = run(
        { set: { 'data.found': expression } },
        toEventBatch([event(data), event('{"list":[1,2],"text":"b"}')]),
      )
      const reason = `set.data.found: the expression takes more than ${5000 + data.length} steps`
      expect(failures).toEqual([{ index: 0, is: 'reject', reason }])
      expect(rows).toHaveLength(1)
    }
    rejects('event.data.list.map(a, event.data.list.map(b, a + b).size()).size()', list(5000))
    rejects('event.data.list.all(a, event.data.list.all(b, event.data.list.all(c, a + b + c >= 0)))', list(3000))
    rejects('event.data.list.exists(a, event.data.list.exists(b, false) || false)', list(100_000))
    rejects(
      'event.data.list.map(a, event.data.text)',
      JSON.stringify({ list: list(1000).split(','), text: 'x'.repeat(9000) }),
    )
    expect(problemOf('["x"].map(a, a + a)'.padEnd(3000, '.map(a, a + a)'))?.message).toBeDefined()
  })

  it('counts the lists of loops wherever they stand', () => {
    const batch = toEventBatch([event('{"list":[1,2,3],"text":"a,b","map":{"a":1}}')])
    const value = (expression: string): unknown => {
      const { data = '{}' } = run({ set: { 'data.found': expression } }, batch).rows[0] as { data?: string }
      return (JSON.parse(data) as { found: unknown }).found
    }
    expect(value('((event.data.list + [4]) + [5]) .filter(x, x > 1).map(x, x * 2)')).toEqual([4, 6, 8, 10])
    expect(value('(event.data.list).map(x, event.data.list.map(y, x * y)).size()')).toBe(3)
    expect(value('event.data["list"].map(x, x > 1, x)')).toEqual([2, 3])
    expect(value('[1, 2].all(x, x > 0) && event.data.text.split(",").exists_one(y, y == "a")')).toBe(true)
    expect(value('event.data.map.map(k, k)')).toEqual(['a'])
    expect(problemOf('event.data.list // all\n.map(x, x)')?.message).toContain('nothing between `.map`')
  })
})
