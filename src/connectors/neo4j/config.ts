import {
  auth,
  Complaint,
  defineSchema,
  flag,
  integer,
  text,
  tls,
  urlText,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'

export const neo4jSchema = defineSchema({
  type: 'neo4j',
  role: 'sink',
  summary:
    'Writes a graph into a Neo4j database: actors and the resources they changed, cluster changes, and ' +
    'traffic between workloads',
  fields: {
    url: urlText(
      {
        description:
          'URL of the database. `neo4j://` routes to the leader of a cluster, `bolt://` uses this server ' +
          'only. `+s` adds TLS, `+ssc` TLS without certificate verification',
        required: true,
        example: 'neo4j+s://graph.example.com:7687',
      },
      { schemes: ['neo4j', 'neo4j+s', 'neo4j+ssc', 'bolt', 'bolt+s', 'bolt+ssc'] },
    ),
    database: text({
      description: 'Name of the database. Unset: the home database of the user',
      default: null,
      example: 'audit',
    }),
    transaction_events: integer(
      { description: 'Maximum events in one transaction', unit: 'events', default: 1000 },
      { min: 1, max: 10_000 },
    ),
    create_constraints: flag({
      description:
        'Create missing constraints and indexes that make nodes unique and writes fast. If disabled, create ' +
        'them by other means',
      default: true,
    }),
    writer: text({
      description:
        'Name under which the graph stores which flows are included in its sums. Instances that write to the ' +
        'same graph need different names. Unset: the id of the sink',
      default: null,
      example: 'weir-eu',
    }),
    timeout: timeoutField(
      'Timeout of connecting and of one transaction; a send ends after at most twice this time',
      '30s',
    ),
    auth,
    tls,
  },
  check({ url, tls: settings }) {
    if (settings === null) return null
    if (/^\w+\+/.test(url))
      return new Complaint('the URL and `tls` both configure TLS', 'with `tls` write `neo4j://` or `bolt://`', ['url'])
    return settings.server_name === null
      ? null
      : new Complaint(
          "Neo4j's client verifies a certificate against the host of the URL only",
          'remove `server_name`, and use a host in `url` that the certificate contains',
          ['tls', 'server_name'],
        )
  },
})

export type Neo4jConfig = ConfigOf<typeof neo4jSchema>
