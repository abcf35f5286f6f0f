import { expect, test } from 'vitest'
import { diff } from '../../../codecs/json-patch/index.ts'
import { noiseNames } from '../config.ts'
import { canonical } from '../../../codecs/canonical-json/index.ts'
import { kindOf, Noise, noiseRules, usualNoise } from './noise.ts'
import type { KubeObject } from '../client/types.ts'

const node = (beat: string, version: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n1',
    resourceVersion: version,
    managedFields: [{ manager: 'kubelet', time: beat }],
    annotations: { 'control-plane.alpha.kubernetes.io/leader': beat, kept: '1' },
  },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: beat, lastTransitionTime: 'then' }],
    images: [{ names: [beat] }],
    ...more,
  },
})

test('heartbeats are no change; a changed condition is one', () => {
  const noise = new Noise()
  const text = (object: KubeObject): string => canonical(noise.stripped(object))
  expect(text(node('a', '1'))).toBe(text(node('b', '2')))
  expect(text(node('a', '1'))).toBe(
    '{"apiVersion":"v1","kind":"Node","metadata":{"annotations":{"kept":"1"},"name":"n1"},"status":{"conditions":[{"lastTransitionTime":"then","status":"True","type":"Ready"}]}}',
  )
  expect(text(node('a', '1', { phase: 'x' }))).not.toBe(text(node('a', '1')))
  expect(noise.hiding(node('a', '1'), node('b', '2'), canonical)).toEqual([
    'resource-version',
    'managed-fields',
    'heartbeats',
    'leader',
    'node-images',
  ])
})

test('rules can be enabled one by one, including the complete status', () => {
  expect(canonical(new Noise([]).stripped(node('a', '1')))).toBe(canonical(node('a', '1')))
  const noise = new Noise([...usualNoise, 'status'])
  expect(noise.stripped(node('a', '1', { phase: 'x' }))).toEqual(noise.stripped(node('b', '2')))
  expect(new Noise(['leader']).stripped(node('a', '1'))['status']).toEqual(node('a', '1')['status'])
})

test('kinds that are only noise are named with their group', () => {
  const noise = new Noise()
  expect(noise.ofKind(kindOf({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }))).toBe('leases')
  expect(noise.ofKind(kindOf({ apiVersion: 'v1', kind: 'Endpoints' }))).toBe('endpoints')
  expect(noise.ofKind(kindOf({ apiVersion: 'example.com/v1', kind: 'Lease' }))).toBeUndefined()
  expect(new Noise([]).ofKind('Endpoints')).toBeUndefined()
  for (const { meaning } of Object.values(noiseRules)) expect(meaning).toMatch(/\w/)
})

test('an object without noise is passed on unchanged', () => {
  const plain: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } }
  expect(new Noise().stripped(plain)).toBe(plain)
})

test('the settings list every rule, and no other', () => {
  expect([...noiseNames]).toEqual(Object.keys(noiseRules))
})

test('noise depends on the two states, not on the form of the patch', () => {
  const noise = new Noise(['status', 'leader', 'heartbeats'])
  const marks = (before: KubeObject, after: KubeObject): string[] =>
    noise.marks(before, after, diff(before, after), canonical)
  const plain: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { a: 1 } }
  const stated = { ...plain, status: { phase: 'Running', conditions: [{ type: 'Ready', lastHeartbeatTime: '1' }] } }
  expect(marks(plain, stated)).toEqual(['status'])
  expect(marks(stated, { ...stated, status: { phase: 'Failed' } })).toEqual(['status'])
  expect(
    marks(stated, { ...stated, status: { ...stated.status, conditions: [{ type: 'Ready', lastHeartbeatTime: '2' }] } }),
  ).toEqual(['status', 'heartbeats'])
  expect(marks(stated, { ...stated, spec: { a: 2 }, status: { phase: 'Failed' } })).toEqual([])
  // The patch step is above the rule's path: all annotations are new.
  const led = (annotations?: Readonly<Record<string, string>>): KubeObject => ({
    ...plain,
    metadata: { name: 'p', ...(annotations === undefined ? {} : { annotations }) },
  })
  const leader = 'control-plane.alpha.kubernetes.io/leader'
  expect(marks(led({ [leader]: '1' }), led({ [leader]: '2' }))).toEqual(['leader'])
  expect(marks(led({ kept: '1' }), led({ kept: '1', [leader]: '2' }))).toEqual(['leader'])
  expect(marks(led(), led({ [leader]: '2', other: '1' }))).toEqual([])
  expect(new Noise([]).marks(plain, stated, diff(plain, stated), canonical)).toEqual([])
})
