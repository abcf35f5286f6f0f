import { inventoryRelations } from '../../model/inventory-columns.ts'
import { storedJson } from '../../model/json.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { actsAfterUs, actsOfRecords } from '../cloud-acts.ts'
import { providerNames } from '../cloud-names.ts'
import { asOf } from '../conditions.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { inventoryColumns, type InventoryResource } from './schema.ts'

const hourUs = 3_600_000_000n
const monthUs = 30n * 24n * hourUs
const maxRows = 100

type Change = InventoryResource['changes'][number]
type Act = InventoryResource['audit'][number]

type RecordRow = Readonly<{
  time: string
  type: string
  state: string | null
  id: string
  name: string | null
  changes: unknown
}>

/** `at`: µs. Throws {@link Refusal} if no event of it is stored. */
export async function describeResource(
  ref: string,
  at: bigint,
  surroundings: Surroundings,
): Promise<Omit<InventoryResource, 'ref' | 'at'>> {
  const dialect = dialectOf(surroundings.store)
  const { text, time, jsonText } = dialect
  const [events, [now = null]] = await Promise.all([
    readRows<RecordRow>(
      surroundings,
      `SELECT time, type, ${jsonText('data', ['state'])} AS state, ${jsonText('data', ['id'])} AS id,
        ${jsonText('data', ['name'])} AS name, ${dialect.jsonMember('data', 'changes')} AS changes
        FROM events WHERE family = 'resource' AND ref = ${text(ref)} AND time <= ${time(at)}
        AND type <> 'weir.cloud.baseline' ORDER BY time DESC LIMIT ${maxRows}`,
    ),
    readRows<NonNullable<InventoryResource['now']>>(
      surroundings,
      `SELECT ${inventoryColumns}, valid_from, valid_to, data FROM inventory
        WHERE ref = ${text(ref)} AND ${asOf(at, dialect)}`,
    ),
  ])
  const [newest] = events
  if (newest === undefined)
    throw new Refusal('WEIR_API_NOT_FOUND', `${ref} is unknown.`, [
      'GET /api/v1/inventory lists resources; expired ones are deleted.',
    ])
  const { id } = newest
  const named = inventoryRelations.map((name) => `'${name}'`).join(', ')
  const [relations, audit, costs] = await Promise.all([
    readRows<InventoryResource['relations'][number]>(
      surroundings,
      `SELECT relation, from_ref AS "from", to_ref AS "to", valid_from, valid_to FROM relations
        WHERE relation IN (${named}) AND (from_ref = ${text(ref)} OR to_ref = ${text(ref)}) AND ${asOf(at, dialect)}
        ORDER BY relation, from_ref, to_ref`,
    ),
    readRows<Act>(
      surroundings,
      `SELECT time, actor, actor_name, service, action, outcome, resource, resource_id, id FROM audit
        WHERE resource_id = ${text(id)} AND time <= ${time(at + actsAfterUs)}
        ORDER BY time DESC LIMIT ${maxRows}`,
    ),
    surroundings.store.dialect === 'clickhouse'
      ? null
      : readRows<NonNullable<InventoryResource['costs']>[number]>(surroundings, costsSql({ ref, id, at }, dialect)),
  ])
  const host = relations.find(({ relation }) => relation === 'hosted-on')
  return {
    now,
    changes: changesOf(events, audit),
    relations,
    audit: audit.filter((act) => Date.parse(act.time) * 1000 <= Number(at)),
    costs,
    traffic: host === undefined ? null : await trafficOf(host.from, at, surroundings),
  }
}

function changesOf(events: readonly RecordRow[], audit: readonly Act[]): readonly Change[] {
  const records = events.filter(({ type }) => type !== 'weir.cloud.observed')
  const acts = actsOfRecords(records, audit)
  return records.map((record) => {
    const act = acts.get(record)
    return {
      time: record.time,
      operation: record.type.slice('weir.cloud.'.length),
      state: record.state,
      changes: (storedJson(record.changes) ?? null) as Change['changes'],
      actor: act?.actor ?? null,
      audit: act?.id ?? null,
    }
  })
}

/** Traffic of a Kubernetes node in the hour before. null: the reference is of something else. */
async function trafficOf(ref: string, at: bigint, surroundings: Surroundings): Promise<InventoryResource['traffic']> {
  const node = parseKubernetesRef(ref)
  if (node === undefined) return null
  const { asText, text, time } = dialectOf(surroundings.store)
  const sumOf = (end: 'src' | 'dst'): string =>
    asText(`coalesce(sum(CASE WHEN ${end}_node = ${text(node.name)} THEN bytes_est END), 0)`)
  const [sums] = await readRows<Readonly<{ sent: string; received: string }>>(
    surroundings,
    `SELECT ${sumOf('src')} AS sent, ${sumOf('dst')} AS received FROM flows
      WHERE time_received > ${time(at - hourUs)} AND time_received <= ${time(at)} AND cluster = ${text(node.cluster)}`,
  )
  return sums === undefined ? null : { node: node.name, ...sums }
}

/** FOCUS has the id, or an ARN that ends with it. */
function costsSql({ ref, id, at }: Readonly<{ ref: string; id: string; at: bigint }>, { text }: Dialect): string {
  const provider = ref.slice(0, ref.indexOf(':'))
  const names = providerNames(provider).map(text).join(', ')
  const day = (us: bigint): string => text(new Date(Number(us / 1000n)).toISOString().slice(0, 10))
  return `SELECT currency, sum(billed)::VARCHAR AS billed FROM spend WHERE lower(provider) IN (${names})
      AND (resource = ${text(id)} OR ends_with(resource, ${text(`/${id}`)})
      OR ends_with(resource, ${text(`:${id}`)})) AND day > ${day(at - monthUs)} AND day <= ${day(at)}
      GROUP BY currency ORDER BY currency`
}
