/** Connection tracking of flowlogs-pipeline as a transform. */
import { resolveFieldName } from '../../model/fields.ts'
import { durationText, joined, reads, type Assembly, type Branch, type Settings } from './branch.ts'
import type { Conntrack, Scheduling } from './conntrack-shape.ts'

type Times = Readonly<{
  heartbeat?: number | undefined
  end?: number | undefined
  terminating?: number | undefined
}>

/** The original has no limit by default. */
const unlimited = 1_000_000
const reports = ['newConnection', 'heartbeat', 'endConnection']

export function connectionsOf(
  name: string,
  branch: Branch,
  settings: Settings,
  { heartbeat, end, terminating }: Times,
  assembly: Assembly,
): Branch {
  const id = assembly.id(name)
  assembly.transforms[id] = {
    type: 'connections',
    ...reads(branch),
    ...settings,
    ...(heartbeat === undefined ? {} : { heartbeat: durationText(heartbeat) }),
    ...(end === undefined ? {} : { end_timeout: durationText(end) }),
    ...(terminating === undefined ? {} : { terminating_timeout: durationText(terminating) }),
  }
  return { ...branch, from: [id], filters: [] }
}

export function conntrackStage(
  name: string,
  before: Branch,
  conntrack: Conntrack,
  path: string,
  assembly: Assembly,
): Branch {
  const { outputRecordTypes = [], maxConnectionsTracked = 0, scheduling = [] } = conntrack
  const { report } = assembly
  if (outputRecordTypes.length === 0)
    report.note(`${path}.outputRecordTypes`, `not set; records are ${reports.join(', ')}`)
  if (maxConnectionsTracked <= 0)
    report.note(
      `${path}.maxConnectionsTracked`,
      `no limit; beyond ${unlimited} connections the oldest one ends early, and no flow is skipped`,
    )
  const settings = {
    records: outputRecordTypes.length === 0 ? reports : [...new Set(outputRecordTypes)],
    ...keyOf(conntrack, `${path}.keyDefinition`, assembly),
    connections: maxConnectionsTracked <= 0 ? unlimited : maxConnectionsTracked,
    totals: true,
  }
  report.note(
    path,
    'records of connections have Bytes, as in flowlogs-pipeline; sums of the console count them beside their flows, ' +
      'unless a filter selects a type',
  )
  fieldsOf(conntrack, path, assembly)
  flagsOf(conntrack, `${path}.tcpFlags`, assembly)
  return scheduled(before, scheduling, `${path}.scheduling`, assembly, (group, times) =>
    connectionsOf(name, group, settings, times, assembly),
  )
}

/** The first group that selects a flow has its times. */
function scheduled(
  before: Branch,
  groups: Scheduling,
  path: string,
  assembly: Assembly,
  connections: (group: Branch, times: Times) => Branch,
): Branch {
  const from: string[] = []
  const earlier: string[] = []
  for (const [index, group] of (groups.length === 0 ? [{}] : groups).entries()) {
    if (earlier.includes('')) break
    const { selector = {} } = group
    const query = Object.entries(selector).map(([key, value]) =>
      typeof value === 'number' ? `${key} = ${value}` : `${key} = ${JSON.stringify(value)}`,
    )
    const text = query.length === 0 ? '' : (assembly.filter(joined(query), `${path}[${index}].selector`, before) ?? '')
    const filters = [
      ...before.filters,
      ...earlier.map((condition) => `not (${condition})`),
      ...(text === '' ? [] : [text]),
    ]
    const times = {
      heartbeat: group.heartbeatInterval,
      end: group.endConnectionTimeout,
      terminating: group.terminatingTimeout,
    }
    from.push(...connections({ ...before, filters }, times).from)
    earlier.push(text)
  }
  return { ...before, from, filters: [] }
}

function keyOf({ keyDefinition }: Conntrack, path: string, { report }: Assembly): Settings {
  const { fieldGroups = [], hash = {} } = keyDefinition ?? {}
  const fields = (name: string) => fieldGroups.find((fieldGroup) => fieldGroup.name === name)?.fields ?? []
  const isEnd = (name: string, side: string) => [...fields(name)].sort().join(' ') === `${side}Addr ${side}Port`
  const { fieldGroupARef: a = '', fieldGroupBRef: b = '', fieldGroupRefs = [] } = hash
  if (a === '' || b === '')
    report.refuse(`${path}.hash`, 'the directions of a connection are not tracked apart; ignored, they are joined')
  else if (!(isEnd(a, 'Src') && isEnd(b, 'Dst')))
    report.refuse(`${path}.fieldGroups`, 'the ends of a connection are addresses and ports; ignored, they are the key')
  const more = fieldGroupRefs.flatMap(fields).filter((field) => !standard.has(field))
  const known = more.flatMap((field) => resolveFieldName(field) ?? [])
  if (known.length < more.length)
    report.refuse(`${path}.fieldGroups`, `${more.join(', ')}: each must be a field of a flow`)
  return known.length === 0 ? {} : { within: [...new Set(['scope', ...known])] }
}

const standard = new Set(['SrcAddr', 'SrcPort', 'DstAddr', 'DstPort', 'Proto'])

/** By name: operation and input. */
const written: Readonly<Record<string, readonly [operation: string, input: string]>> = {
  Bytes: ['sum', 'Bytes'],
  Packets: ['sum', 'Packets'],
  numFlowLogs: ['count', 'numFlowLogs'],
  TimeFlowStartMs: ['min', 'TimeFlowStartMs'],
  TimeFlowEndMs: ['max', 'TimeFlowEndMs'],
  MaxTimeFlowRttNs: ['max', 'TimeFlowRttNs'],
}

function fieldsOf({ outputFields = [] }: Conntrack, path: string, { report }: Assembly) {
  const missing = outputFields.flatMap(({ name = '', operation = '', input = name }) => {
    const [known, from] = written[name] ?? []
    const isText = operation === 'first' && name.includes('K8S_')
    return isText || (operation === known && (operation === 'count' || input === from)) ? [] : [name]
  })
  if (missing.length > 0)
    report.note(`${path}.outputFields`, `records of connections lack ${[...new Set(missing)].join(', ')}`)
}

function flagsOf({ tcpFlags = {} }: Conntrack, path: string, { report }: Assembly) {
  const { fieldName = 'Flags', detectEndConnection, swapAB } = tcpFlags
  if (fieldName !== 'Flags' && fieldName !== '') report.refuse(`${path}.fieldName`, 'TCP flags are in Flags')
  if (detectEndConnection !== true)
    report.note(`${path}.detectEndConnection`, 'always on; a FIN or RST ends a connection')
  if (swapAB !== true) report.note(`${path}.swapAB`, 'always on; A is the end that opened the connection')
}
