import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { eventRelations, labels, summedRelations } from '../../model/graph.ts'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { nullText, oneOf, orNull, parameters, type Of } from '../schema.ts'

export const relationNames: readonly string[] = [...summedRelations, ...inventoryRelations, ...eventRelations]

const relation = Optional(
  Text({
    maxLength: 1000,
    description:
      `Relations, comma-separated: ${relationNames.join(', ')}. Unset: all but ` +
      `${eventRelations.join(', ')}, which belong to single events.`,
  }),
)

const timeOf = 'Time for relations with validity: `now-15m`, ISO 8601, or Unix milliseconds. Unset: now.'
const begin = () =>
  Optional(Text({ description: 'Start of the events. Unset: 24 hours before the end.', examples: ['now-7d'] }))
const end = () => Optional(Text({ description: `End of the events, and time of the response. ${timeOf}` }))

const node = (description: string, examples: readonly string[] = []) =>
  Text({ minLength: 1, maxLength: 4000, description, ...(examples.length === 0 ? {} : { examples }) })

export const GraphParameters = parameters({
  ref: node(
    'The node, as in views `audit`, `resources` and `relations`; `action:<name>` means all actions of that name.',
    ['user:eaf411e3/8a1c', 'k8s:prod-eu/apps/Deployment/shop/web'],
  ),
  hops: Optional(Integer({ minimum: 1, maximum: 2, default: 1, description: 'Maximum distance, in edges.' })),
  limit: Optional(Integer({ minimum: 1, maximum: 100, default: 25, description: 'Maximum edges of each node.' })),
  from: begin(),
  to: end(),
  at: Optional(Text({ description: 'Same as `to`.' })),
  relation,
})

export const GraphPathsParameters = parameters({
  from: node('One end.'),
  to: node('Target node.'),
  hops: Optional(Integer({ minimum: 1, maximum: 4, default: 4, description: 'Maximum length of a path, in edges.' })),
  since: begin(),
  at: end(),
  relation,
})

const nodeFields = () => ({
  ref: Text(),
  label: oneOf(labels, { description: 'Labels as in Neo4j; a WORKLOAD is also a RESOURCE.' }),
  kind: nullText('Kind of an object; service and type of a cloud resource.'),
  name: Text(),
})

const GraphNode = ObjectOf(nodeFields())
export type GraphNode = Of<typeof GraphNode>

const GraphEdge = ObjectOf({
  from: Text(),
  relation: oneOf(relationNames),
  to: Text(),
  count: Integer({
    description: 'Number of audit events or flows (talks-to); for relations with validity, the number of starts.',
  }),
  first: nullText(),
  last: nullText('null: still valid.'),
  severity: nullText('For acted-on: the worst.'),
  bytes: orNull(Integer({ description: 'Of talks-to.' })),
})
export type GraphEdge = Of<typeof GraphEdge>

const cutNodes = (description: string) => ArrayOf(ObjectOf({ ref: Text(), others: Integer() }), { description })

export const Graph = ObjectOf(
  {
    ref: Text(),
    from: Text(),
    to: Text(),
    nodes: ArrayOf(ObjectOf({ ...nodeFields(), hops: Integer() })),
    edges: ArrayOf(GraphEdge),
    cut: cutNodes('Nodes with more edges than shown, with the number of omitted edges.'),
  },
  { $id: 'Graph' },
)
export type Graph = Of<typeof Graph>

export const GraphPaths = ObjectOf(
  {
    from: Text(),
    to: Text(),
    nodes: ArrayOf(GraphNode),
    paths: ArrayOf(ArrayOf(Text()), {
      description:
        'The shortest paths, at most ten: resource references from one end to the other. Empty: none ' +
        'within the limit.',
    }),
    edges: ArrayOf(GraphEdge),
    cut: cutNodes('Nodes with edges that were not followed; paths through them may be missing.'),
  },
  { $id: 'GraphPaths' },
)
export type GraphPaths = Of<typeof GraphPaths>
