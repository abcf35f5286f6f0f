import { providerNames } from '../../cloud-names.ts'
import { namespaceTag } from '../../spend-allocation.ts'
import type { Lane, LaneItem, Scene } from '../types.ts'
import { amongTexts, laneOf, notApplicable, notPermitted, textOf, type Row } from './lane.ts'

/** Days of the machines that it runs on, and of its namespace. */
export async function costLane(scene: Scene): Promise<Lane> {
  const { principal, runQuery, span, subject, related, limit, store, dialect } = scene
  if (principal.namespaces !== undefined) return notPermitted('cost', 'Costs have', scene)
  if (subject.is === 'actor' || subject.is === 'address')
    return notApplicable('cost', 'Costs are those of resources and namespaces.')
  if (store.dialect === 'clickhouse') return notApplicable('cost', 'This store has no costs.')
  const namespace =
    subject.is !== 'object' ? '' : subject.parts.kind === 'Namespace' ? subject.parts.name : subject.parts.namespace
  const machines = related.resources.map((ref) => {
    const id = decoded(ref.slice(ref.lastIndexOf('/') + 1))
    const provider = amongTexts(scene, 'lower(provider)', providerNames(ref.slice(0, ref.indexOf(':'))))
    const ends = ['/', ':'].map((separator) => `ends_with(resource, ${dialect.text(separator + id)})`)
    return `(${provider} AND (resource = ${dialect.text(id)} OR ${ends.join(' OR ')}))`
  })
  const tagged = namespace === '' ? [] : [`${namespaceTag} = ${dialect.text(namespace)}`]
  if (machines.length + tagged.length === 0)
    return notApplicable('cost', 'No cloud resource and no namespace of it is known.')
  const day = (us: bigint) => dialect.text(new Date(Number(us / 1000n)).toISOString().slice(0, 10))
  const days = `day >= ${day(span.from)} AND day <= ${day(span.to - 1n)}`
  const rows = await runQuery(
    `SELECT *, count(*) OVER () AS n FROM (SELECT day, currency, resource, max(resource_name) AS resource_name, ` +
      `${namespaceTag} AS namespace, sum(billed)::VARCHAR AS billed, bool_or(estimated) AS estimated FROM spend ` +
      `WHERE ${days} AND (${[...machines, ...tagged].join(' OR ')}) GROUP BY ALL) ` +
      `ORDER BY day DESC, currency, resource, namespace LIMIT ${limit}`,
  )
  return laneOf(scene, 'cost', {
    rows,
    itemOf: costItem,
    probe: 'SELECT day FROM spend LIMIT 1',
    missing: 'No cost is stored.',
    note: related.resources.length > 0 && subject.is === 'object' ? 'Costs of machines are not divided.' : null,
  })
}

function costItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const day = text('day') ?? ''
  const resource = text('resource')
  const start = `${day}T00:00:00.000Z`
  return {
    pos: [day, text('currency'), resource, text('namespace')].join(' '),
    time: start,
    until: new Date(Date.parse(start) + 86_400_000).toISOString(),
    is: 'cost',
    level: 'info',
    object:
      resource === null ? `namespace ${text('namespace') ?? ''}` : `resource ${text('resource_name') ?? resource}`,
    ref: null,
    text:
      `${decimalText(text('billed') ?? '0')} ${text('currency') ?? ''}` +
      (row['estimated'] === true ? ', estimated' : ''),
    actor: null,
    actor_ref: null,
  }
}

/** Without zeros at the end. */
const decimalText = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

function decoded(id: string) {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
