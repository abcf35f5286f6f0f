import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files of more than 80 s beside others, the longest first. Without a cache Vitest starts with the largest files. */
const longest = [
  'test/real/clickhouse-store-changes.test.ts',
  'release/image.real.test.ts',
  'test/process/create-connector.real.test.ts',
  'test/process/small-volume.real.test.ts',
  'test/real/clickhouse-store.test.ts',
  'sim/demo-panels.real.test.ts',
  'test/real/neo4j.test.ts',
  'test/real/clickhouse-store-api.test.ts',
  'test/real/three-stores.test.ts',
  // These wait for the package of `image`.
  'test/process/connector-package.real.test.ts',
  'release/package.real.test.ts',
  'test/real/keycloak.test.ts',
  'test/real/sums-clickhouse.test.ts',
  'release/archives.real.test.ts',
  'test/real/exporters.test.ts',
  'test/real/rabbitmq-source.test.ts',
  'test/real/clickhouse-store-why.test.ts',
  'test/real/neo4j-sink.test.ts',
  'src/store/endpoint-index/endpoint-index.test.ts',
  'test/real/graph-questions.test.ts',
  'test/real/grafana-prometheus.test.ts',
  'test/real/loki.test.ts',
  'test/real/rabbitmq-sink.test.ts',
  'test/real/sbom.test.ts',
  'test/process/thread-ends.real.test.ts',
  'test/real/clickhouse-store-images.test.ts',
  'test/real/kafka-journal.test.ts',
  'src/store/graph/edges.test.ts',
  'test/real/feed-examples.test.ts',
  'test/real/clickhouse-store-weir.test.ts',
  'test/real/grafana-loki.test.ts',
  'test/real/aws-moto.test.ts',
  'test/real/nats-packed.test.ts',
  'test/real/terraform-keycloak.test.ts',
  'test/real/rolling-update.test.ts',
  'test/real/nats-source.test.ts',
  'test/real/nats-order.test.ts',
]

/** Starts the longest files first, so that the last ones do not run alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`))
      return place < 0 ? longest.length : place
    }
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}
