import { expect, test } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { connectionsSchema } from '../../transforms/connections/config.ts'
import { file, flows, grpc, part, plan, problem, stdout, type Stage } from './testing/plan.ts'

/** As the operator of NetObserv writes it. */
const conntrack = {
  keyDefinition: {
    fieldGroups: [
      { name: 'src', fields: ['SrcAddr', 'SrcPort'] },
      { name: 'dst', fields: ['DstAddr', 'DstPort'] },
      { name: 'common', fields: ['Proto'] },
    ],
    hash: { fieldGroupRefs: ['common'], fieldGroupARef: 'src', fieldGroupBRef: 'dst' },
  },
  outputRecordTypes: ['newConnection', 'heartbeat', 'endConnection'],
  outputFields: [
    { name: 'Bytes', operation: 'sum' },
    { name: 'Bytes', operation: 'sum', splitAB: true },
    { name: 'Packets', operation: 'sum', splitAB: true },
    { name: 'numFlowLogs', operation: 'count' },
    { name: 'TimeFlowStartMs', operation: 'min', reportMissing: true },
    { name: 'TimeFlowEndMs', operation: 'max', reportMissing: true },
    { name: 'FlowDirection', operation: 'first', reportMissing: true },
    { name: 'AgentIP', operation: 'first', reportMissing: true },
    { name: 'MaxTimeFlowRttNs', operation: 'max', input: 'TimeFlowRttNs' },
  ],
  scheduling: [{ heartbeatInterval: '30s', endConnectionTimeout: '10s', terminatingTimeout: '5s' }],
  tcpFlags: { fieldName: 'Flags', detectEndConnection: true, swapAB: true },
}
const tracked = (more: object = {}): Record<string, unknown> => {
  const stage: Stage = {
    name: 'track',
    follows: 'ingest',
    is: { extract: { type: 'conntrack', conntrack: { ...conntrack, ...more } } },
  }
  return file(grpc, stage, stdout('track'))
}

test('a stage conntrack becomes a transform, which its followers read', () => {
  const made = plan(tracked())
  const { track } = part(made, 'transforms')
  expect(track).toEqual({
    type: 'connections',
    from: ['ingest'],
    only: flows,
    records: ['newConnection', 'heartbeat', 'endConnection'],
    connections: 1_000_000,
    totals: true,
    heartbeat: '30s',
    end_timeout: '10s',
    terminating_timeout: '5s',
  })
  const { from: _, only: __, type: ___, ...settings } = track ?? {}
  expect(configFrom(connectionsSchema, settings)).toMatchObject({ heartbeat: 30_000, within: ['scope'] })
  expect(part(made, 'sinks')['out']).toMatchObject({ from: ['track'] })
  expect(made.notes.join('\n')).toContain('conntrack.outputFields: records of connections lack FlowDirection, AgentIP')
})

test('each group of the schedule has the flows that no earlier one selects', () => {
  const { transforms } = plan(
    tracked({
      maxConnectionsTracked: 500,
      scheduling: [
        { selector: { Proto: 17 }, endConnectionTimeout: '5s' },
        { endConnectionTimeout: '20s', terminatingTimeout: '500ms' },
      ],
    }),
  ).config as { readonly transforms: Readonly<Record<string, unknown>> }
  expect(transforms).toMatchObject({
    track: { connections: 500, end_timeout: '5s', only: { filter: 'proto = 17' } },
    'track-2': { end_timeout: '20s', terminating_timeout: '500ms', only: { filter: 'not (proto = 17)' } },
  })
})

test('further fields are part of the key', () => {
  const [src, dst] = conntrack.keyDefinition.fieldGroups
  const keyDefinition = (fields: readonly string[]): object => ({
    keyDefinition: { ...conntrack.keyDefinition, fieldGroups: [src, dst, { name: 'common', fields }] },
  })
  expect(part(plan(tracked(keyDefinition(['Proto', 'K8S_ClusterName']))), 'transforms')['track']).toMatchObject({
    within: ['scope', 'cluster'],
  })
  expect(problem(tracked(keyDefinition(['Nope'])))).toContain('Nope: each must be a field of a flow')
})

test.each([
  [{ keyDefinition: { hash: {} } }, 'keyDefinition.hash: the directions of a connection are not tracked apart'],
  [{ tcpFlags: { fieldName: 'Other' } }, 'tcpFlags.fieldName: TCP flags are in Flags'],
  [{ scheduling: [{ selector: { Nope: 1 } }] }, 'scheduling[0].selector'],
  [{ outputRecordTypes: ['other'] }, 'outputRecordTypes[0]: expected one of newConnection, '],
])('%j is named', (more, reason) => {
  expect(problem(tracked(more))).toContain(`parameters[1].extract.conntrack.${reason}`)
})

test('settings without an effect are noted', () => {
  const { notes } = plan(tracked({ tcpFlags: {}, outputRecordTypes: [] }))
  const at = 'parameters[1].extract.conntrack'
  expect(notes).toEqual(
    expect.arrayContaining([
      `${at}.outputRecordTypes: not set; records are newConnection, heartbeat, endConnection`,
      `${at}.tcpFlags.detectEndConnection: always on; a FIN or RST ends a connection`,
      `${at}.tcpFlags.swapAB: always on; A is the end that opened the connection`,
    ]),
  )
})
