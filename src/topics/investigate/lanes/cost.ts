import { providerNames } from '../../cloud-names.ts'
import { namespaceTag } from '../../spend/allocation.ts'
import type { CostSum, Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { amongTexts, laneOf, notApplicable, notPermitted, textOf, type Row } from './lane.ts'

/** Days of the machines that it runs on, and of its namespace. */
export async function costLane(scene: Scene): Promise<Lane> {
  const { viewer, runQuery, span, subject, related, limit, store, dialect } = scene
  if (viewer.namespaces !== undefined) return notPermitted('cost', 'Costs have', scene)
  if (subject.is === 'actor' || subject.is === 'address' || subject.is === 'image')
    return notApplicable('cost', 'Costs are those of accounts, resources and namespaces.')
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
  const account = dialect.text(subject.text)
  const ofAccount = subject.is === 'account' ? [`account = ${account}`, `sub_account = ${account}`] : []
  if (machines.length + tagged.length + ofAccount.length === 0)
    return notApplicable('cost', 'No cloud resource and no namespace of it is known.')
  const day = (us: bigint) => dialect.text(new Date(Number(us / 1000n)).toISOString().slice(0, 10))
  const days = `day >= ${day(span.from)} AND day <= ${day(span.to - 1n)}`
  const where = `${days} AND (${[...machines, ...tagged, ...ofAccount].join(' OR ')})`
  const [rows, sums] = await Promise.all([
    runQuery(
      `SELECT *, count(*) OVER () AS n FROM (SELECT day, currency, resource, max(resource_name) AS resource_name, ` +
        `${namespaceTag} AS namespace, sum(billed)::VARCHAR AS billed, bool_or(estimated) AS estimated FROM spend ` +
        `WHERE ${where} GROUP BY ALL) ORDER BY day DESC, currency, resource, namespace LIMIT ${limit}`,
    ),
    runQuery(sumsSql(where, limit)),
  ])
  const lane = await laneOf(scene, 'cost', {
    rows,
    itemOf: costItem,
    probe: 'SELECT day FROM spend LIMIT 1',
    missing: 'No cost is stored.',
    note: related.resources.length > 0 && subject.is === 'object' ? 'Costs of machines are not divided.' : null,
  })
  return { ...lane, sums: sums.map(sumOf) }
}

/** Exact sums of the largest objects, and one of all others for each currency. */
function sumsSql(where: string, most: number) {
  const named = ['resource', 'resource_name', 'namespace']
  const shown = named.map((name) => `CASE WHEN place <= ${most} THEN ${name} END AS ${name}`).join(', ')
  return (
    `SELECT least(place, ${most + 1}) AS place, currency, ${shown}, sum(billed)::VARCHAR AS billed FROM ` +
    `(SELECT *, row_number() OVER (ORDER BY billed DESC, currency, ${named.join(', ')}) AS place FROM ` +
    `(SELECT currency, resource, max(resource_name) AS resource_name, ${namespaceTag} AS namespace, ` +
    `sum(billed) AS billed FROM spend WHERE ${where} GROUP BY ALL)) GROUP BY ALL ORDER BY place, currency`
  )
}

function sumOf(row: Row): CostSum {
  const isOfOne = textOf(row['resource']) !== null || textOf(row['namespace']) !== null
  return { object: isOfOne ? objectOf(row) : null, ...amountOf(row) }
}

function objectOf(row: Row) {
  const resource = textOf(row['resource'])
  return resource === null
    ? `namespace ${textOf(row['namespace']) ?? ''}`
    : `resource ${textOf(row['resource_name']) ?? resource}`
}

function amountOf(row: Row) {
  return { amount: decimalText(textOf(row['billed']) ?? '0'), currency: textOf(row['currency']) ?? '' }
}

function costItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const day = text('day') ?? ''
  const { amount, currency } = amountOf(row)
  const start = `${day}T00:00:00.000Z`
  return {
    pos: [day, text('currency'), text('resource'), text('namespace')].join(' '),
    time: start,
    until: new Date(Date.parse(start) + 86_400_000).toISOString(),
    is: 'cost',
    level: 'info',
    object: objectOf(row),
    ref: null,
    text: `${amount} ${currency}` + (row['estimated'] === true ? ', estimated' : ''),
    actor: null,
    actor_ref: null,
    amount,
    currency,
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
