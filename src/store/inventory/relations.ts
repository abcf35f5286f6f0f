import { inventoryRelations, providersOfNodes, providerWithoutScheme } from '../../model/inventory-columns.ts'
import { quoted } from '../duck.ts'
import { resourcesView } from '../kubernetes/resources.ts'
import type { ViewInput } from '../read/views.ts'
import { inventoryView } from './views.ts'

type InventoryRelation = (typeof inventoryRelations)[number]

/** Both rows are valid at a time. */
const together =
  'a.valid_from < coalesce(b.valid_to, b.valid_from + INTERVAL 100000 DAY) AND b.valid_from < ' +
  'coalesce(a.valid_to, a.valid_from + INTERVAL 100000 DAY)'
const sameAccount = 'a.provider = b.provider AND a.account = b.account'

const providers = Object.entries(providersOfNodes)
  .map(([scheme, provider]) => `WHEN ${quoted(scheme)} THEN ${quoted(provider)}`)
  .join(' ')

/** `aws:///eu-central-1a/i-0abc` ends with the id of the instance. */
const nodes = (input: ViewInput): string => `SELECT ref, valid_from, valid_to, regexp_extract(machine, '[^/]+$') AS id,
    CASE split_part(machine, ':', 1) ${providers} ELSE CASE WHEN machine NOT LIKE '%:%' THEN
    ${quoted(providerWithoutScheme)} END END AS provider FROM (SELECT *, json_extract_string(data,
    '$.providerId') AS machine FROM (${resourcesView(input, { zoned: false })})
    WHERE kind = 'Node') WHERE machine IS NOT NULL`

const services = (input: ViewInput): string => `SELECT ref, valid_from, valid_to, unnest(list_transform(
    list_filter(CAST(json_extract(data, '$.addresses') AS JSON[]), lambda one: one->>'$.as' = 'load-balancer'),
    lambda one: one->>'$.ip')) AS address FROM (${resourcesView(input, { zoned: false })}) WHERE kind = 'Service'`

const rows = (input: ViewInput, list: string, where: string): string =>
  `SELECT *, unnest(${list}) AS item FROM (${inventoryView(input)}) WHERE ${where}`

const joins: Readonly<Record<InventoryRelation, (input: ViewInput) => string>> = {
  'attached-to': (input) =>
    `(${rows(input, 'attached_to', 'true')}) a JOIN (${inventoryView(input)}) b ON ${sameAccount} AND b.id = a.item`,
  'part-of': (input) =>
    `(${inventoryView(input)}) a JOIN (${inventoryView(input)}) b ON ${sameAccount} AND b.id = a.parent`,
  'resolves-to': (input) =>
    `(${rows(input, 'addresses', "type = 'dns_record'")}) a JOIN (${rows(input, 'addresses', "type <> 'dns_record'")}) b
      ON a.item = b.item`,
  serves: (input) =>
    `(${rows(input, 'addresses', "type = 'load_balancer'")}) a JOIN (${services(input)}) b ON a.item = b.address`,
  'hosted-on': (input) =>
    `(${nodes(input)}) a JOIN (SELECT * FROM (${inventoryView(input)}) WHERE type = 'instance') b
      ON a.provider = b.provider AND a.id = b.id`,
}

/** Intervals in which both ends are valid; adjacent ones are merged. */
function merged(relation: InventoryRelation, join: string): string {
  const end = "least(coalesce(a.valid_to, 'infinity'), coalesce(b.valid_to, 'infinity'))"
  const rows = `SELECT a.ref AS from_ref, b.ref AS to_ref, greatest(a.valid_from, b.valid_from) AS valid_from,
      ${end} AS finish FROM ${join} AND ${together} WHERE a.ref <> b.ref`
  const by = 'PARTITION BY from_ref, to_ref ORDER BY valid_from, finish'
  const begun = `SELECT *, CASE WHEN valid_from <= max(finish) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING
      AND 1 PRECEDING) THEN 0 ELSE 1 END AS is_new FROM (${rows})`
  return `SELECT from_ref, '${relation}' AS relation, to_ref, min(valid_from) AS valid_from,
      nullif(max(finish), 'infinity'::TIMESTAMPTZ) AS valid_to FROM (SELECT *, sum(is_new) OVER (${by}
      ROWS UNBOUNDED PRECEDING) AS part FROM (${begun})) GROUP BY from_ref, to_ref, part`
}

export const inventoryRelationParts: readonly Readonly<{ relation: string; sql: (input: ViewInput) => string }>[] =
  inventoryRelations.map((relation) => ({ relation, sql: (input) => merged(relation, joins[relation](input)) }))
