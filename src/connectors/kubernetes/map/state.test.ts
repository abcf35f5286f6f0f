import { expect, test } from 'vitest'
import type { KubeObject } from '../client/types.ts'
import { stateOf } from './state.ts'

const pod = (spec: object, status: object, metadata = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec },
  status,
})
const running = (name: string, more: object = {}): object => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
})

test('a pod has its ready containers, restarts, and the status of kubectl', () => {
  const cases: [pod: KubeObject, state: object][] = [
    [
      pod({}, { phase: 'Running', containerStatuses: [running('a', { restartCount: 2 }), running('b')] }),
      { status: 'Running', ready: 2, desired: 2, restarts: 2 },
    ],
    [
      pod(
        {},
        {
          phase: 'Running',
          containerStatuses: [
            running('a'),
            { name: 'b', ready: false, restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } },
          ],
        },
      ),
      { status: 'CrashLoopBackOff', ready: 1, desired: 2, restarts: 7 },
    ],
    [pod({}, { phase: 'Pending' }), { status: 'Pending', ready: 0, desired: 2, restarts: 0 }],
    [
      pod({}, { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      { status: 'SchedulingGated' },
    ],
    [pod({}, { phase: 'Failed', reason: 'Evicted' }), { status: 'Evicted' }],
    [
      pod({}, { phase: 'Running', containerStatuses: [running('a')] }, { deletionTimestamp: '2026-11-20T10:00:00Z' }),
      { status: 'Terminating', ready: 1 },
    ],
    [pod({}, { phase: 'Succeeded' }, { deletionTimestamp: '2026-11-20T10:00:00Z' }), { status: 'Succeeded' }],
    [
      pod(
        { containers: [{ name: 'a' }] },
        {
          phase: 'Failed',
          containerStatuses: [{ name: 'a', ready: false, state: { terminated: { exitCode: 137, signal: 9 } } }],
        },
      ),
      { status: 'Signal:9', ready: 0, desired: 1, restarts: 0 },
    ],
    [
      pod(
        { containers: [{ name: 'a' }] },
        {
          phase: 'Succeeded',
          containerStatuses: [{ name: 'a', ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
        },
      ),
      { status: 'Completed' },
    ],
  ]
  for (const [object, state] of cases) expect(stateOf(object)).toMatchObject(state)
})

test('containers that initialize a pod are part of its status, sidecars of its ready ones', () => {
  const init = (state: object, more: object = {}) =>
    pod(
      { initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 'i', restartCount: 1, state },
          { name: 's', ready: true, started: true, restartCount: 0, state: { running: {} }, ...more },
        ],
      },
    )
  expect(stateOf(init({ running: {} }))).toMatchObject({ status: 'Init:0/2', restarts: 1, ready: 1, desired: 3 })
  expect(stateOf(init({ waiting: { reason: 'ImagePullBackOff' } }))).toMatchObject({ status: 'Init:ImagePullBackOff' })
  expect(stateOf(init({ terminated: { exitCode: 1, reason: 'Error' } }))).toMatchObject({ status: 'Init:Error' })
  expect(stateOf(init({ terminated: { exitCode: 0 } }))).toMatchObject({ status: 'Pending', restarts: 0 })
  expect(stateOf(init({ terminated: { exitCode: 0 } }, { restartCount: 3 }))).toMatchObject({ restarts: 3 })
  expect(stateOf(init({ terminated: { exitCode: 0 } }, { started: false }))).toMatchObject({ status: 'Init:1/2' })
})

const object = (kind: string, apiVersion: string, more: object): KubeObject => ({ kind, apiVersion, ...more })
const template = { spec: { containers: [{ name: 'c', image: 'shop/web:1' }] } }

test('workloads have ready and desired pods and images, jobs their completions', () => {
  const images = [{ container: 'c', image: 'shop/web:1' }]
  const cases: [object: KubeObject, state: object][] = [
    [
      object('Deployment', 'apps/v1', { spec: { replicas: 3, template }, status: { replicas: 3, readyReplicas: 2 } }),
      { ready: 2, desired: 3, images },
    ],
    [
      object('ReplicaSet', 'apps/v1', { spec: { replicas: 0, template }, status: { replicas: 0 } }),
      { ready: 0, desired: 0, images },
    ],
    // Before its controller saw it.
    [object('StatefulSet', 'apps/v1', { spec: { template } }), { desired: 1, images }],
    [
      object('DaemonSet', 'apps/v1', { spec: { template }, status: { desiredNumberScheduled: 4, numberReady: 4 } }),
      { ready: 4, desired: 4, images },
    ],
    [
      object('Job', 'batch/v1', {
        spec: { completions: 2, template },
        status: { succeeded: 1, conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] },
      }),
      {
        status: 'Failed',
        ready: 1,
        desired: 2,
        images,
        conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }],
      },
    ],
    // Kubernetes 1.31 and newer write both.
    [
      object('Job', 'batch/v1', {
        spec: { completions: 1 },
        status: {
          succeeded: 1,
          conditions: ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True' })),
        },
      }),
      {
        status: 'Complete',
        ready: 1,
        desired: 1,
        conditions: [
          { type: 'SuccessCriteriaMet', status: 'True' },
          { type: 'Complete', status: 'True' },
        ],
      },
    ],
    [
      object('CronJob', 'batch/v1', { spec: { suspend: true, jobTemplate: { spec: { template } } } }),
      { status: 'Suspended', images },
    ],
  ]
  for (const [of, state] of cases) expect(stateOf(of)).toEqual(state)
})

test('nodes, claims and custom resources have a status; other kinds have none', () => {
  const node = (status: string, spec = {}) =>
    stateOf(object('Node', 'v1', { spec, status: { conditions: [{ type: 'Ready', status }] } })).status
  expect([node('True'), node('Unknown'), node('True', { unschedulable: true })]).toEqual([
    'Ready',
    'NotReady',
    'Ready,SchedulingDisabled',
  ])
  expect(stateOf(object('PersistentVolumeClaim', 'v1', { status: { phase: 'Bound' } }))).toEqual({ status: 'Bound' })
  const certificate = (status: string, reason: string) =>
    stateOf(
      object('Certificate', 'cert-manager.io/v1', { status: { conditions: [{ type: 'Ready', status, reason }] } }),
    )
  expect([certificate('True', 'Issued').status, certificate('False', 'DoesNotExist').status]).toEqual([
    'Ready',
    'DoesNotExist',
  ])
  expect(stateOf(object('ConfigMap', 'v1', { data: { phase: 'x' } }))).toEqual({})
  expect(stateOf(object('Pod', 'v1', { spec: 'none', status: ['none'] }))).toEqual({
    ready: 0,
    desired: 0,
    restarts: 0,
  })
})
