import {
  auth,
  Complaint,
  defineSchema,
  duration,
  flag,
  integer,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

export const neo4jSchema = defineSchema({
  type: 'neo4j',
  role: 'sink',
  summary:
    'Writes into a Neo4j database who did what to which resource, what changed in clusters, and which workload talked to which, as one graph',
  fields: {
    url: urlText(
      {
        description:
          'The database. `neo4j://` finds the leader of a cluster by itself, `bolt://` speaks to this server alone; with `+s` over TLS, with `+ssc` over TLS without a look at the certificate',
        required: true,
        example: 'neo4j+s://graph.example.com:7687',
      },
      { schemes: ['neo4j', 'neo4j+s', 'neo4j+ssc', 'bolt', 'bolt+s', 'bolt+ssc'] },
    ),
    database: text({
      description: 'Name of the database; left out, the home database of our user',
      default: null,
      example: 'audit',
    }),
    transaction_events: integer(
      { description: 'Most events in one transaction', unit: 'events', default: 1000 },
      { min: 1, max: 10_000 },
    ),
    create_constraints: flag({
      description:
        'Whether the constraints and the index that keep nodes unique and writing fast are made where they are missing; without them somebody else has to',
      default: true,
    }),
    writer: text({
      description:
        'Name under which it is kept in the graph which flows its sums have; where several Weirs write into one graph, each has one of its own. Left out: the id of the sink',
      default: null,
      example: 'weir-eu',
    }),
    timeout: duration(
      {
        description: 'How long connecting, and one transaction, may take; a send ends at the latest after twice this',
        default: '30s',
      },
      { min: '10ms' },
    ),
    auth,
    tls,
  },
  check({ url, tls: settings }) {
    if (settings === null) return null
    if (/^\w+\+/.test(url))
      return new Complaint('the URL and `tls` both say how TLS is spoken', 'with `tls` write `neo4j://` or `bolt://`', [
        'url',
      ])
    return settings.server_name === null
      ? null
      : new Complaint(
          "Neo4j's client checks a certificate for the host of the URL alone",
          'leave out `server_name`, and write a host into `url` that the certificate has',
          ['tls', 'server_name'],
        )
  },
})

export type Neo4jConfig = ConfigOf<typeof neo4jSchema>
