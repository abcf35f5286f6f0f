import { expect, test } from 'vitest'
import {
  actorText,
  cloudId,
  isCloudRef,
  parseRef,
  pathOfRef,
  refOfPath,
  refText,
  shortActor,
  writeRef,
} from './refs.ts'

test('a name becomes a path without empty parts, and that is read back', () => {
  for (const [ref, path, label] of [
    ['k8s:prod/apps/Deployment/shop/web', 'k8s:prod/apps/Deployment/shop/web', 'Deployment shop/web'],
    ['k8s:prod//Pod/shop/web-1', 'k8s:prod/core/Pod/shop/web-1', 'Pod shop/web-1'],
    ['k8s:prod//Node//worker-1', 'k8s:prod/core/Node/-/worker-1', 'Node worker-1'],
    [
      'k8s:prod/rbac.authorization.k8s.io/ClusterRole//system:node',
      'k8s:prod/rbac.authorization.k8s.io/ClusterRole/-/system:node',
      'ClusterRole system:node',
    ],
  ] as const) {
    expect(pathOfRef(ref)).toBe(path)
    expect(refOfPath(path)).toBe(ref)
    expect(refOfPath(ref)).toBe(ref)
    expect(refText(ref)).toBe(label)
    const parts = parseRef(ref)
    expect(parts === undefined ? '' : writeRef(parts)).toBe(ref)
  }
})

test('a reference survives merged slashes', () => {
  for (const ref of [
    'k8s:prod//Pod/shop/web-1',
    'k8s:prod//Node//worker-1',
    'k8s:prod/rbac.authorization.k8s.io/ClusterRole//system:node',
  ])
    expect(refOfPath(ref.replaceAll('//', '/'))).toBe(ref)
})

test('other references are unchanged', () => {
  for (const text of ['image:registry/web@sha256:1', 'k8s:prod/apps', 'k8s:a/b/c/d/e/f']) {
    expect(parseRef(text)).toBeUndefined()
    expect([pathOfRef(text), refOfPath(text), refText(text)]).toEqual([text, text, text])
  }
})

test('a cloud resource is found by its path with any characters and labelled by its id', () => {
  for (const [ref, path, id] of [
    ['otc:p1/ecs/server/8a1c', 'otc:p1/ecs/server/8a1c', '8a1c'],
    [
      'aws:123/s3/object/logs%2F2026%2Fa 100%25.gz',
      'aws:123/s3/object/logs%2F2026%2Fa 100%25.gz',
      'logs/2026/a 100%.gz',
    ],
    ['aws:/sqs//orders', 'aws:-/sqs/-/orders', 'orders'],
    ['otc:-/ecs/-/-', 'otc:%2D/ecs/%2D/%2D', '-'],
    ['aws:///i-1', 'aws:-/-/-/i-1', 'i-1'],
    ['otc:p1/ecs/server/50%', 'otc:p1/ecs/server/50%', '50%'],
  ] as const) {
    expect(isCloudRef(ref)).toBe(true)
    expect([pathOfRef(ref), refOfPath(pathOfRef(ref)), cloudId(ref)]).toEqual([path, ref, id])
  }
})

test('an actor is labelled by the part after its domain', () => {
  expect(['user:d%2Fx/a/b', 'user:/bob', 'system'].map(actorText)).toEqual(['a/b', 'bob', 'system'])
})

test('a service account is written without the prefix that all have', () => {
  const names = ['system:serviceaccount:shop:price-bot', 'system:serviceaccount:', 'system:node:worker-1', 'alice']
  expect(names.map(shortActor)).toEqual(['shop:price-bot', 'system:serviceaccount:', 'system:node:worker-1', 'alice'])
})
