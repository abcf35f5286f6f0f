/** Which workloads received traffic, and whence: the exposure of the images that they run. */
import { dialectOf, everything, flowNames, type Dialect } from '../../query/index.ts'
import { conditionOf, flowTimes, momentOf, type RowQuery } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { withinScope } from '../scope.ts'
import type { ImageRow } from './schema.ts'

const reached = ['external', 'other_namespaces', 'own_namespace'] as const

type Received = Readonly<{
  /** null: the flows name none. */
  cluster: string | null
  /** `<namespace>/<kind>/<name>`. */
  workload: string
  exposure: (typeof reached)[number]
  /** The most used first, with the bytes to each. */
  ports: readonly (readonly [port: number, bytes: number])[]
}>

export type Traffic = Readonly<{
  /** Flows are stored for the time; else nothing is known. */
  known: boolean
  received: readonly Received[]
}>

type TrafficQuery = Readonly<{
  /** µs. */
  at: bigint
  /** Such as `15m`, before `at`. */
  window?: string | undefined
  /** Undefined: all workloads. */
  workloads?: ReadonlySet<string>
}>

type ReceivedRow = Readonly<{
  cluster: string | null
  workload: string
  reach: number
  ports: readonly (number | string)[]
  traffic: readonly (number | string)[]
}>

const [maxNames, maxPorts, maxWindowUs] = [1000, 20, 7n * 86_400_000_000n] as const

/** Throws {@link Refusal} for a window that is too long. */
export async function trafficTo(
  { at, window = '1h', workloads }: TrafficQuery,
  surroundings: Surroundings,
): Promise<Traffic> {
  if (workloads?.size === 0) return { known: true, received: [] }
  const dialect = dialectOf(surroundings.store)
  const from = momentOf(`now-${window}`, Number(at / 1000n)) ?? at
  if (from >= at || at - from > maxWindowUs)
    throw new Refusal('WEIR_API_INVALID', `"traffic" is not a duration of at most 7 days: ${window}.`, [
      'Write 15m, 1h or 7d.',
    ])
  const rowQuery: RowQuery = {
    names: flowNames,
    filter: withinScope(everything, surroundings.viewer, 'flows'),
    time: flowTimes,
    span: { from, to: at + 1n },
  }
  const condition = conditionOf(rowQuery, dialect)
  const [rows, some] = await Promise.all([
    readRows<ReceivedRow>(surroundings, receivedSql(condition, dialect, workloads)),
    readRows(surroundings, `SELECT 1 AS one FROM flows WHERE ${condition} LIMIT 1`),
  ])
  return {
    known: some.length > 0,
    received: rows.map(({ cluster, workload, reach, ports, traffic }) => ({
      cluster,
      workload,
      exposure: reached[3 - Number(reach)] ?? 'own_namespace',
      ports: ports.map((port, index) => [Number(port), Number(traffic[index])] as const),
    })),
  }
}

/** TCP flags of attempts that no handshake followed: SYN, and SYN with RST. */
const attempts = '(2, 6)'

/** Responses to the workload do not count. */
function receivedSql(condition: string, dialect: Dialect, workloads: ReadonlySet<string> | undefined): string {
  const { firstItems, ranked, text } = dialect
  const names = [...(workloads ?? [])].map((workload) => workload.slice(workload.lastIndexOf('/') + 1))
  const among =
    names.length === 0 || names.length > maxNames ? '' : `dst_owner_name IN (${names.map(text).join(', ')}) AND`
  const isObject = 'src_kind IS NOT NULL OR src_owner_name IS NOT NULL OR src_namespace IS NOT NULL'
  const reach = `CASE WHEN NOT (${isObject}) THEN 3 WHEN src_namespace = dst_namespace THEN 1 ELSE 2 END`
  const byPort = `SELECT cluster, concat(dst_namespace, '/', dst_owner_kind, '/', dst_owner_name) AS workload,
      dst_port AS port, max(${reach}) AS reach, sum(CAST(coalesce(bytes_est, 0) AS DOUBLE)) AS traffic FROM flows
      WHERE ${among} dst_owner_name IS NOT NULL AND dst_namespace IS NOT NULL AND initiator = 'src' AND dst_port > 0
        AND coalesce(tcp_flags, 0) NOT IN ${attempts} AND ${condition}
      GROUP BY cluster, dst_namespace, dst_owner_kind, dst_owner_name, dst_port`
  return `SELECT cluster, workload, max(reach) AS reach,
      ${firstItems(ranked('port', 'traffic'), maxPorts)} AS ports,
      ${firstItems(ranked('traffic', 'traffic'), maxPorts)} AS traffic FROM (${byPort}) p GROUP BY cluster, workload`
}

export type Running = Pick<ImageRow, 'pods' | 'workloads' | 'clusters'>

/** Exposure of an image, from its pods. `exposure` is null if no flows are known. */
export function exposureOf(row: Running, { known, received }: Traffic): Pick<ImageRow, 'exposure' | 'exposed_ports'> {
  if (row.pods === 0) return { exposure: 'not_running', exposed_ports: [] }
  if (!known) return { exposure: null, exposed_ports: [] }
  const [workloads, clusters] = [new Set(row.workloads), new Set(row.clusters)]
  const receivedByImage = received.filter(
    ({ cluster, workload }) => workloads.has(workload) && (cluster === null || clusters.has(cluster)),
  )
  const exposure =
    reached.find((candidate) => receivedByImage.some((traffic) => traffic.exposure === candidate)) ?? 'idle'
  const ports = new Map<number, number>()
  for (const [port, bytes] of receivedByImage.flatMap((traffic) => traffic.ports))
    ports.set(port, (ports.get(port) ?? 0) + bytes)
  const mostUsed = [...ports].sort(([portA, less], [portB, more]) => more - less || portA - portB)
  return { exposure, exposed_ports: mostUsed.slice(0, maxPorts).map(([port]) => port) }
}

/** Adds {@link exposureOf} as column `exposure` to rows with pods, for conditions. */
export function withExposure(rows: string, { known, received }: Traffic, dialect: Dialect): string {
  const { anyItem, text } = dialect
  const has = (exposure: string): string => {
    const byCluster = Map.groupBy(
      received.filter((traffic) => traffic.exposure === exposure),
      ({ cluster }) => cluster,
    )
    const tests = [...byCluster].map(([cluster, receivers]) => {
      const names = receivers.map(({ workload }) => text(workload)).join(', ')
      const runs = anyItem('workloads', (item) => `${item} IN (${names})`)
      return cluster === null ? runs : `(${runs} AND ${anyItem('clusters', (item) => `${item} = ${text(cluster)}`)})`
    })
    return tests.length === 0 ? 'false' : tests.join(' OR ')
  }
  const cases = reached.map((exposure) => `WHEN ${has(exposure)} THEN '${exposure}'`).join(' ')
  return `SELECT *, CASE WHEN pods = 0 THEN 'not_running' ${cases} ELSE ${known ? "'idle'" : 'NULL'} END AS exposure
      FROM (${rows})`
}
