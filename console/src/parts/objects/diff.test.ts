import { expect, test } from 'vitest'
import { diff } from '../../../../src/codecs/json-patch/index.ts'
import { diffRows, inShort, isRedacted } from './diff.ts'

const rowTexts = (before: object | null, after: object | null): string[] =>
  diffRows(before, after, before === null || after === null ? [] : diff(before, after)).map(
    ({ path, is, old, new: now }) => `${is} ${path}: ${JSON.stringify(old)} | ${JSON.stringify(now)}`,
  )

const pod = (containers: object[], labels: object = {}): object => ({ metadata: { labels }, spec: { containers } })

test('an update has a row for each value, old beside new, with entries of lists by their names', () => {
  expect(
    rowTexts(
      pod([
        { name: 'web', image: 'web:1' },
        { name: 'side', image: 'side:1' },
      ]),
      pod(
        [
          { name: 'web', image: 'web:2' },
          { name: 'side', image: 'side:1', args: ['-v'] },
        ],
        { 'app.kubernetes.io/name': 'web' },
      ),
    ),
  ).toEqual([
    'added metadata.labels."app.kubernetes.io/name": undefined | "web"',
    'changed spec.containers[web].image: "web:1" | "web:2"',
    'added spec.containers[side].args[0]: undefined | "-v"',
  ])
})

test('list entries that were added, removed or moved have a row at their position', () => {
  const one = { name: 'one', image: 'a' }
  const two = { name: 'two', image: 'b' }
  const three = { name: 'three', image: 'c' }
  expect(rowTexts(pod([one, two]), pod([three, two]))).toEqual([
    'removed spec.containers[one].name: "one" | undefined',
    'removed spec.containers[one].image: "a" | undefined',
    'added spec.containers[three].name: undefined | "three"',
    'added spec.containers[three].image: undefined | "c"',
  ])
  expect(rowTexts(pod([one, two]), pod([two, { ...one, image: 'd' }]))).toEqual([
    'moved spec.containers[two]: "item 2" | "item 1"',
    'changed spec.containers[one].image: "a" | "d"',
  ])
  expect(rowTexts({ list: [1, 2, 3] }, { list: [1, 3] })).toEqual(['removed list[1]: 2 | undefined'])
})

test('created objects have only new values and deleted ones only old values, also if empty', () => {
  expect(rowTexts(null, { a: { b: 1, c: {} }, d: [] })).toEqual([
    'added a.b: undefined | 1',
    'added a.c: undefined | {}',
    'added d: undefined | []',
  ])
  expect(rowTexts({ a: 'x' }, null)).toEqual(['removed a: "x" | undefined'])
  expect(rowTexts(null, {})).toEqual(['added (whole object): undefined | {}'])
})

test('a value that changes its type is one row; null is a value', () => {
  expect(rowTexts({ a: 'x', b: null }, { a: { y: 1 }, b: 0 })).toEqual([
    'changed a: "x" | {"y":1}',
    'changed b: null | 0',
  ])
  expect(rowTexts({ a: [1] }, { a: { y: 1 } })).toEqual(['changed a: [1] | {"y":1}'])
})

test('the summary has every step and no secret', () => {
  const steps = diff(
    { spec: { replicas: 1, image: 'a', args: ['x'] }, data: { password: 'redacted:1' } },
    { spec: { replicas: 2, args: ['x', 'y'], more: { z: 1 } }, data: { password: 'redacted:2' } },
  )
  expect(inShort('updated', steps)).toEqual([
    'replicas → 2',
    'image removed',
    'args[1] → y',
    'more added',
    'password → redacted',
  ])
  expect(inShort('created', [])).toEqual([])
  const image = (name: string) => ({ spec: { image: `registry.example/shop/${name}` } })
  expect(inShort('updated', diff(image('api:1.6'), image('api:1.7')))).toEqual(['image → api:1.7'])
  expect([isRedacted('redacted:ab'), isRedacted('x'), isRedacted(null)]).toEqual([true, false, false])
})
