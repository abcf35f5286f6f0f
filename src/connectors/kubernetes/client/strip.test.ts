import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { isRecord } from '../../../model/json.ts'
import { Stripper, UnreadableObject } from './strip.ts'
import type { KubeObject } from './types.ts'
import { canonical } from '../../../codecs/canonical-json/index.ts'
import { Noise, noiseRules, type NoiseRule } from '../map/noise.ts'

const cutting = (Object.keys(noiseRules) as NoiseRule[]).filter((rule) => rule !== 'status')
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const textOf = (part: Uint8Array): string => Buffer.from(part).toString()

/** An object with fields that the rules remove, similar fields, and bytes that a scanner could misread. */
function random(dice: SeededRandom): KubeObject {
  const word = (): string =>
    dice.pick([
      'a',
      '',
      'x"y',
      'back\\',
      '\\"',
      '{',
      '}]',
      ',"status":{',
      'ü€😀',
      'line\nbreak',
      '"metadata":{"managedFields":[',
      '\u2028',
    ])
  const value = (depth: number): unknown =>
    dice.pick([
      () => word(),
      () => Math.floor(dice.next() * 100),
      () => dice.next() < 0.5,
      () => null,
      () => (depth > 2 ? word() : Array.from({ length: Math.floor(dice.next() * 3) }, () => value(depth + 1))),
      () => (depth > 2 ? word() : dict(depth + 1)),
    ])()
  const keys = [
    'metadata',
    'managedFields',
    'status',
    'conditions',
    'images',
    'resourceVersion',
    'observedGeneration',
    'generation',
    'annotations',
    'control-plane.alpha.kubernetes.io/leader',
    'lastHeartbeatTime',
    'spec',
    'k:{"name":"x"}',
    'ü',
    '',
  ]
  const dict = (depth: number): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: Math.floor(dice.next() * 4) }, () => [dice.pick(keys), value(depth)]))
  const some = (parts: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(parts)
        .filter(() => dice.next() < 0.7)
        .sort(() => dice.next() - 0.5),
    )
  const condition = (): unknown =>
    dice.next() < 0.2
      ? value(1)
      : some({
          type: word(),
          lastHeartbeatTime: word(),
          lastProbeTime: null,
          observedGeneration: 3,
          lastUpdateTime: '',
          status: 'True',
        })
  return some({
    kind: 'Pod',
    apiVersion: 'v1',
    spec: dict(0),
    data: value(0),
    metadata:
      dice.next() < 0.1
        ? value(0)
        : some({
            name: word(),
            uid: 'u1',
            resourceVersion: '7',
            generation: 3,
            managedFields:
              dice.next() < 0.2
                ? value(0)
                : [{ manager: word(), operation: 'Update', time: '2026-11-20T10:00:00Z', fieldsV1: dict(0) }],
            annotations:
              dice.next() < 0.2 ? value(0) : some({ 'control-plane.alpha.kubernetes.io/leader': word(), b: word() }),
            labels: dict(1),
          }),
    status:
      dice.next() < 0.1
        ? value(0)
        : some({
            observedGeneration: 3,
            conditions: dice.next() < 0.2 ? value(0) : [condition(), condition(), condition()],
            images: value(0),
            phase: word(),
          }),
  })
}

/** With white space between all tokens. */
const spread = (text: unknown): string => JSON.stringify(text, undefined, 2).replaceAll('\n', '\r\n\t')

test('stripping removes exactly the fields of the rules, in any notation', () => {
  const dice = new SeededRandom(5)
  for (let turn = 0; turn < 3000; turn++) {
    const object = random(dice)
    const noise = new Noise(cutting.filter(() => dice.next() < 0.7))
    const stripper = new Stripper(noise.cuts, Buffer.from('key'))
    const wanted = canonical(noise.stripped(object))
    const line = { type: 'MODIFIED', object }
    for (const text of [JSON.stringify(line), spread(line), JSON.stringify({ object, type: 'MODIFIED' })]) {
      const read = stripper.line(bytes(text))
      expect(read.type).toBe('MODIFIED')
      expect(canonical(read.object?.object)).toBe(wanted)
      const { uid, resourceVersion } = isRecord(object.metadata) ? object.metadata : {}
      expect([read.object?.uid, read.object?.version]).toEqual(
        [uid, resourceVersion].map((each) => (typeof each === 'string' ? each : undefined)),
      )
    }
    const { items, ...page } = stripper.page(
      bytes(
        spread({
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: { resourceVersion: '9', continue: '' },
          items: [object, object],
        }),
      ),
    )
    expect([page, items.length]).toEqual([
      { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '9', continue: '' } },
      2,
    ])
    const item = stripper.item(items[1] as Uint8Array, page)
    // Items of lists have no kind.
    expect(canonical(item.object)).toBe(
      canonical(noise.stripped('kind' in object ? object : { kind: 'Pod', apiVersion: 'v1', ...object })),
    )
  }
})

test('keys with escapes are the same keys', () => {
  const stripper = new Stripper(new Noise().cuts)
  const read = stripper.line(
    bytes(
      '{"type":"ADDED","object":{"\\u006detadata":{"resource\\u0056ersion":"7","u\\u0069d":"u\\u0031","n\\u0061me":"a","managedFields":[]}}}',
    ),
  )
  expect([read.object?.uid, read.object?.version, read.object?.object]).toEqual([
    'u1',
    '7',
    { metadata: { uid: 'u1', name: 'a' } },
  ])
})

test('equal remainders have equal digests, and another key gives another digest', () => {
  const of = (version: string, value: string, key: string): string | undefined =>
    new Stripper(new Noise().cuts, Buffer.from(key)).line(
      bytes(
        JSON.stringify({
          type: 'ADDED',
          object: {
            metadata: { uid: 'u', resourceVersion: version, managedFields: [{ manager: version }] },
            data: { value },
          },
        }),
      ),
    ).object?.digest
  expect(of('2', 'x', 'k')).toBe(of('1', 'x', 'k'))
  expect(of('1', 'y', 'k')).not.toBe(of('1', 'x', 'k'))
  expect(of('1', 'x', 'l')).not.toBe(of('1', 'x', 'k'))
  expect(Buffer.from(of('1', 'x', 'k') ?? '', 'base64url')).toHaveLength(16)
})

test('the managers are known without their fields, also if the fields remain in the object', () => {
  const managedFields = [
    { manager: 'a', operation: 'Apply', time: '2026-11-20T10:00:00Z', fieldsV1: { 'f:spec': { '}': {} } } },
    { manager: 'b', subresource: 'status' },
  ]
  const line = bytes(JSON.stringify({ type: 'ADDED', object: { metadata: { uid: 'u', managedFields } } }))
  const managers = [
    { manager: 'a', operation: 'Apply', time: '2026-11-20T10:00:00Z' },
    { manager: 'b', subresource: 'status' },
  ]
  expect(new Stripper(new Noise().cuts).line(line).object?.managers).toEqual(managers)
  const whole = new Stripper().line(line).object
  expect([whole?.managers, whole?.object.metadata?.['managedFields']]).toEqual([managers, managedFields])
  expect(
    new Stripper().line(bytes('{"type":"ADDED","object":{"metadata":{"managedFields":null}}}')).object?.managers,
  ).toEqual([])
})

test('invalid JSON is detected on reading, or when the object is requested', () => {
  const stripper = new Stripper(new Noise().cuts)
  const good = JSON.stringify({
    type: 'ADDED',
    object: {
      kind: 'Pod',
      metadata: { uid: 'u', resourceVersion: '1', managedFields: [{ a: 1 }] },
      status: { conditions: [{ lastProbeTime: null }] },
    },
  })
  for (let end = 0; end < good.length; end++)
    expect(() => stripper.line(bytes(good.slice(0, end))).object?.object, good.slice(0, end)).toThrow()
  for (const bad of [
    '[]',
    'null',
    '{"type":"ADDED","object":{"metadata":{"uid" "u"}}}',
    '{"type":"ADDED","object":{"metadata":{"uid":"u",}}}',
    `${good}}`,
    `${good},`,
    '{"type":1}',
  ])
    expect(() => stripper.line(bytes(bad)), bad).toThrow(SyntaxError)
  const odd = stripper.line(bytes('{"type":"ADDED","object":{"metadata":{"uid":"u"},"spec":{"a":nonsense}}}')).object
  expect(odd?.uid).toBe('u')
  expect(() => odd?.object).toThrow(UnreadableObject)
  // The reader recovers after errors.
  expect(stripper.line(bytes(good)).object?.object).toEqual({
    kind: 'Pod',
    metadata: { uid: 'u' },
    status: { conditions: [{}] },
  })
})

test('bytes that are no UTF-8 become replacement characters, also in the stored document', () => {
  const line = Buffer.from('{"type":"ADDED","object":{"data":{"a":"x?y"}}}')
  line[line.indexOf('?')] = 0xff
  const object = new Stripper().line(line).object
  expect(object?.object['data']).toEqual({ a: 'x\ufffdy' })
  expect(textOf(object?.document ?? bytes(''))).toContain('x\ufffdy')
})

test('an object of megabytes is read, and its buffer is not retained', () => {
  const stripper = new Stripper(new Noise().cuts)
  const large = {
    metadata: { uid: 'u', managedFields: [{ fieldsV1: { x: 'y'.repeat(2_000_000) } }] },
    data: { a: 'z'.repeat(1_000_000) },
  }
  expect(stripper.line(bytes(JSON.stringify({ type: 'ADDED', object: large }))).object?.object).toEqual({
    metadata: { uid: 'u' },
    data: large.data,
  })
  const small = stripper.line(bytes('{"type":"ADDED","object":{"data":{}}}')).object
  expect(small?.document.buffer.byteLength).toBeLessThan(200_000)
})
