import { expect, test } from 'vitest'
import { objectState } from './state.ts'

const template = {
  spec: { initContainers: [{ name: 'init', image: 'i:1' }], containers: [{ name: 'c', image: 'c:2' }] },
}

test('a deployment has images, replicas, strategy and conditions', () => {
  expect(
    objectState({
      spec: {
        replicas: 3,
        template,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
      },
      status: {
        replicas: 3,
        updatedReplicas: 1,
        conditions: [
          {
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
            lastTransitionTime: '2026-11-20',
          },
        ],
      },
    }),
  ).toEqual({
    images: [
      { container: 'init', image: 'i:1' },
      { container: 'c', image: 'c:2' },
    ],
    replicas: { desired: 3, ready: 0, updated: 1 },
    strategy: 'RollingUpdate, maxSurge 1, maxUnavailable 25%',
    conditions: [
      {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: null,
        since: '2026-11-20',
      },
    ],
  })
})

test('a DaemonSet counts nodes, a CronJob and a Pod have images, other objects neither', () => {
  expect(
    objectState({
      spec: { template, updateStrategy: { type: 'OnDelete' } },
      status: { desiredNumberScheduled: 4, numberReady: 2, updatedNumberScheduled: 4 },
    }),
  ).toMatchObject({ replicas: { desired: 4, ready: 2, updated: 4 }, strategy: 'OnDelete' })
  expect(objectState({ spec: { jobTemplate: { spec: { template } } } })?.images).toHaveLength(2)
  expect(objectState({ spec: template.spec })).toMatchObject({ replicas: null, strategy: null, conditions: [] })
  expect(objectState({ spec: template.spec })?.images).toHaveLength(2)
  expect(objectState({ data: { a: 'b' } })).toEqual({ images: [], replicas: null, strategy: null, conditions: [] })
  expect(objectState({ spec: 'text', status: [] })).toMatchObject({ images: [] })
  expect(objectState(null)).toBeNull()
})

test('without a status the ready replicas are unknown', () => {
  expect(objectState({ spec: { replicas: 2, template } })?.replicas).toEqual({ desired: 2, ready: null, updated: null })
})
