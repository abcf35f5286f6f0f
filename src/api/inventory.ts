import type { StoreReader } from '../engine/control.ts'
import { inventoryRelations } from '../model/inventory-columns.ts'
import { storedJson } from '../model/json.ts'
import { parseKubernetesRef } from '../model/refs.ts'
import { dialectOf } from '../query/index.ts'
import { actsAfterUs, actsOfRecords } from './cloud-acts.ts'
import { providerNames } from '../topics/cloud-names.ts'
import { asOf } from '../topics/conditions.ts'
import { rowsOf } from './store-query.ts'

type Row = Readonly<Record<string, unknown>>
type Asking = Readonly<{ store: StoreReader; disconnected: AbortSignal; columns: string }>

const hourUs = 3_600_000_000n
const monthUs = 30n * 24n * hourUs
const maxRows = 100

/** `undefined`: no event of it is stored. */
export async function describeCloudResource(
  { store, disconnected, columns }: Asking,
  ref: string,
  at: bigint,
): Promise<Row | 'gone' | undefined> {
  const dialect = dialectOf(store)
  const { text, time, jsonText } = dialect
  const run = (sql: string) => rowsOf(store, sql, disconnected)
  const before = `time <= ${time(at)}`
  const [events, [now] = []] = await Promise.all([
    run(
      `SELECT time, type, ${jsonText('data', ['state'])} AS state, ${jsonText('data', ['id'])} AS id,
        ${jsonText('data', ['name'])} AS name, ${dialect.jsonMember('data', 'changes')} AS changes
        FROM events WHERE family = 'resource' AND ref = ${text(ref)} AND ${before}
        AND type <> 'weir.cloud.baseline' ORDER BY time DESC LIMIT ${maxRows}`,
    ),
    run(
      `SELECT ${columns}, valid_from, valid_to, data FROM inventory WHERE ref = ${text(ref)} AND ${asOf(at, dialect)}`,
    ),
  ])
  if (disconnected.aborted || events === undefined) return 'gone'
  const [newest] = events
  if (newest === undefined) return undefined
  const id = String(newest['id'])
  const named = inventoryRelations.map((name) => `'${name}'`).join(', ')
  const [relations, audit, costs] = await Promise.all([
    run(
      `SELECT relation, from_ref AS "from", to_ref AS "to", valid_from, valid_to FROM relations
        WHERE relation IN (${named}) AND (from_ref = ${text(ref)} OR to_ref = ${text(ref)}) AND ${asOf(at, dialect)}
        ORDER BY relation, from_ref, to_ref`,
    ),
    run(
      `SELECT time, actor, actor_name, service, action, outcome, resource, resource_id, id FROM audit
        WHERE resource_id = ${text(id)} AND time <= ${time(at + actsAfterUs)}
        ORDER BY time DESC LIMIT ${maxRows}`,
    ),
    store.dialect === 'clickhouse' ? null : run(costsSql(ref, id, at)),
  ])
  if (disconnected.aborted) return 'gone'
  const host = relations?.find(({ relation }) => relation === 'hosted-on')?.['from']
  const node = typeof host === 'string' ? parseKubernetesRef(host) : undefined
  const between = `time_received > ${time(at - hourUs)} AND time_received <= ${time(at)}`
  const sumOf = (end: 'src' | 'dst'): string =>
    `coalesce(sum(CASE WHEN ${end}_node = ${text(node?.name ?? '')} THEN bytes_est END), 0)`
  const [sums] =
    node === undefined
      ? []
      : ((await run(
          `SELECT ${dialect.asText(sumOf('src'))} AS sent, ${dialect.asText(sumOf('dst'))} AS received FROM flows
            WHERE ${between} AND cluster = ${text(node.cluster)}`,
        )) ?? [])
  const records = events.filter(({ type }) => type !== 'weir.cloud.observed')
  const acts = actsOfRecords(records, audit ?? [])
  return {
    now: now ?? null,
    changes: records.map((record) => {
      const by = acts.get(record)
      return {
        time: record['time'],
        operation: String(record['type']).slice('weir.cloud.'.length),
        state: record['state'] ?? null,
        changes: storedJson(record['changes']) ?? null,
        actor: by?.['actor'] ?? null,
        audit: by?.['id'] ?? null,
      }
    }),
    relations,
    audit: (audit ?? []).filter(({ time: moment }) => Date.parse(String(moment)) * 1000 <= Number(at)),
    costs,
    traffic: sums === undefined ? null : { node: node?.name, ...sums },
  }
}

/** FOCUS has the id, or an ARN that ends with it. */
function costsSql(ref: string, id: string, at: bigint): string {
  const provider = ref.slice(0, ref.indexOf(':'))
  const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`
  const names = providerNames(provider).map(quote).join(', ')
  const day = (us: bigint): string => quote(new Date(Number(us / 1000n)).toISOString().slice(0, 10))
  return `SELECT currency, sum(billed)::VARCHAR AS billed FROM spend WHERE lower(provider) IN (${names})
      AND (resource = ${quote(id)} OR ends_with(resource, ${quote(`/${id}`)})
      OR ends_with(resource, ${quote(`:${id}`)})) AND day > ${day(at - monthUs)} AND day <= ${day(at)}
      GROUP BY currency ORDER BY currency`
}
