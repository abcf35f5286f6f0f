import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { PatchStep } from '../../model/kubernetes.ts'
import { Stripper } from '../../connectors/kubernetes/client/strip.ts'
import { diff } from './index.ts'
import { differing } from '../../connectors/kubernetes/map/members.ts'

/** An independent implementation of RFC 6902. */
function patched(value: unknown, steps: readonly PatchStep[]): unknown {
  let document = structuredClone(value)
  const place = (path: string): { holder: Record<string, unknown>; key: string } => {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    let holder = document as Record<string, unknown>
    for (const key of keys.slice(0, -1)) holder = holder[key] as Record<string, unknown>
    return { holder, key: keys.at(-1) ?? '' }
  }
  const remove = (path: string): unknown => {
    const { holder, key } = place(path)
    const was = holder[key]
    if (was === undefined && !Object.hasOwn(holder, key)) throw new Error(`nothing at ${path}`)
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
    return was
  }
  const add = (path: string, added: unknown): void => {
    if (path === '') {
      document = added
      return
    }
    const { holder, key } = place(path)
    if (Array.isArray(holder)) holder.splice(Number(key), 0, added)
    else Object.defineProperty(holder, key, { value: added, enumerable: true, configurable: true, writable: true })
  }
  for (const step of steps) {
    if (step.op === 'remove') remove(step.path)
    else if (step.op === 'move') add(step.path, remove(step.from))
    else {
      if (step.op === 'replace' && step.path !== '') remove(step.path)
      add(step.path, structuredClone(step.value))
    }
  }
  return document
}

const leaf = fc.oneof(fc.constantFrom('a', 'b', 'c', 1, 2, true, null), fc.string({ maxLength: 3 }))
const named = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('x', 'y', 'z', 'w'),
    value: leaf,
    more: fc.option(fc.record({ port: leaf }), { nil: undefined }),
  }),
  { selector: ({ name }) => name, maxLength: 4 },
)
const tree = fc
  .letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('node'), { maxLength: 4 }),
      fc.array(fc.constantFrom('p', 'q', 'r', 1), { maxLength: 5 }),
      named,
      fc.dictionary(
        fc.oneof(fc.constantFrom('a/b', 'c~d', '', 'spec', 'k'), fc.string({ maxLength: 2 })),
        tie('node'),
        { maxKeys: 4 },
      ),
    ),
  }))
  .node.map((value) => JSON.parse(JSON.stringify(value)) as unknown)

test('a patch turns the one state into the other, whatever they are', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      expect(patched(before, diff(before, after))).toEqual(after)
    }),
    { numRuns: 2000 },
  )
})

test('equal states have no difference', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(diff(value, structuredClone(value))).toEqual([])
    }),
  )
})

test('named entries are matched across positions, and only their differences are steps', () => {
  const container = (name: string, image: string): object => ({
    name,
    image,
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
  })
  const pod = (containers: readonly object[]): object => ({ spec: { containers } })
  expect(
    diff(
      pod([container('web', 'web:1'), container('proxy', 'proxy:1')]),
      pod([container('proxy', 'proxy:1'), container('web', 'web:2')]),
    ),
  ).toEqual([
    { op: 'move', from: '/spec/containers/1', path: '/spec/containers/0' },
    { op: 'replace', path: '/spec/containers/1/image', value: 'web:2' },
  ])
  expect(
    diff({ metadata: { labels: { 'app/name': 'a' } } }, { metadata: { labels: { 'app/name': 'b', 'x~y': '1' } } }),
  ).toEqual([
    { op: 'replace', path: '/metadata/labels/app~1name', value: 'b' },
    { op: 'add', path: '/metadata/labels/x~0y', value: '1' },
  ])
  expect(diff({ finalizers: ['a', 'b'] }, { finalizers: ['b'] })).toEqual([{ op: 'remove', path: '/finalizers/0' }])
})

test('what differs between two documents is all that differs, and mostly nothing else', () => {
  const dice = new SeededRandom(9)
  let [found, small] = [0, 0]
  for (let turn = 0; turn < 4000; turn++) {
    const value = (): unknown =>
      dice.pick([
        () => dice.next(),
        () => '',
        () => 'ü"\\{',
        () => ({ a: Math.floor(dice.next() * 3) }),
        () => [],
        () => ({}),
        () => [1, { b: 'x'.repeat(Math.floor(dice.next() * 900)) }],
      ])()
    const before: Record<string, unknown> = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } }
    for (const key of ['spec', 'data', 'status', '', 'ü', 'x"y', 'last'].filter(() => dice.next() < 0.6))
      before[key] = value()
    const after = { ...before }
    for (let changes = Math.floor(dice.next() * 3); changes > 0; changes--) {
      const key = dice.pick([...Object.keys(before), 'more', 'most'])
      if (key === 'kind' || key === 'apiVersion') continue
      if (dice.next() < 0.25) delete after[key]
      else after[key] = value()
    }
    // Another version of a server may write its keys in another order.
    const order = dice.next() < 0.1 ? Object.fromEntries(Object.entries(after).reverse()) : after
    const seen = new Stripper().line(Buffer.from(JSON.stringify({ type: 'MODIFIED', object: order }))).object
    const parts = differing(
      Buffer.from(JSON.stringify(before)),
      Buffer.from(seen?.document ?? []),
      seen?.members ?? [],
      seen?.object ?? {},
    )
    if (parts === undefined) continue
    found++
    if (Object.keys(parts[0]).length < Object.keys(before).length) small++
    expect(patched(before, diff(...parts))).toEqual(after)
    expect([parts[0].kind, parts[1].apiVersion]).toEqual(['Pod', 'v1'])
  }
  // An added or removed member beside an equal one needs a full comparison.
  expect(found).toBeGreaterThan(1500)
  expect(small).toBeGreaterThan(found / 2)
})
