// Every program that `npm run test:real` needs. `.ci/run` installs them beside the tests that need none.
import { isMain } from '../../../tools/kit/main.ts'
import { install, type Installed } from './apt.ts'
import { installBuf } from './buf.ts'
import { chdb, installChdb } from './chdb.ts'
import { clickhouse } from './clickhouse.ts'
import { installCompose } from './compose.ts'
import { elasticmq, installElasticmq } from './elasticmq.ts'
import { influxdb } from './influxdb.ts'
import { installOpensearch, opensearch } from './opensearch.ts'
import { findVictoriametrics, victoriametrics } from './victoriametrics.ts'
import { installGoAgent } from './go-agent.ts'
import { installGrafanaDatasource } from './grafana-datasource.ts'
import { installGoCloudEvents } from './go-cloudevents.ts'
import { installGoConsumer } from './go-consumer.ts'
import { installKafka, kafka } from './kafka.ts'
import { installKeycloak, keycloak } from './keycloak.ts'
import { nats } from './nats.ts'
import { installNeo4j, neo4j } from './neo4j.ts'
import { nfcapd } from './nfcapd.ts'
import { collector, installCollector } from './otel-collector.ts'
import { installHelm, installKubeconform } from './helm.ts'
import { installMoto, moto } from './moto.ts'
import { installEventDisplay, installKnative } from './knative.ts'
import { findPubSub, pubsub } from './pubsub.ts'
import { pmacct } from './pmacct.ts'
import { prometheus } from './prometheus.ts'
import { installPyarrow } from './pyarrow.ts'
import { installPythonBuses } from './python-buses.ts'
import { installPythonProtobuf } from './python-protobuf.ts'
import { sfcapd } from './sfcapd.ts'
import { rabbitmq } from './rabbitmq.ts'
import { installShellcheck } from './shellcheck.ts'
import { softflowd } from './softflowd.ts'
import { strace } from './strace.ts'
import { installServiceMonitor } from './service-monitor.ts'
import { installZipkin, zipkin } from './zipkin.ts'

type Named = readonly [name: string, find: () => Installed | Promise<Installed>]

/** At the same time; each in its order, because its programs share a package database, an index or a build cache. */
const lanes: readonly (readonly Named[])[] = [
  [nats, rabbitmq, softflowd, pmacct, nfcapd, sfcapd, strace, prometheus, clickhouse, influxdb].map(
    (program): Named => [program.name, () => install(program)],
  ),
  [
    [chdb.name, installChdb],
    ['pyarrow', installPyarrow],
    ['python-protobuf', installPythonProtobuf],
    [moto.name, installMoto],
    ['python-buses', installPythonBuses],
    ['shellcheck', installShellcheck],
  ],
  [
    [keycloak.name, installKeycloak],
    [kafka.name, installKafka],
    [neo4j.name, installNeo4j],
    [elasticmq.name, installElasticmq],
    [opensearch.name, installOpensearch],
    [pubsub.name, findPubSub],
    [zipkin.name, installZipkin],
  ],
  [
    ['buf', installBuf],
    ['go-consumer', installGoConsumer],
    ['go-cloudevents', installGoCloudEvents],
    ['go-agent', installGoAgent],
    [victoriametrics.name, findVictoriametrics],
    [collector.name, installCollector],
    ['grafana-datasource', installGrafanaDatasource],
    ['Knative’s definitions', installKnative],
    ['event_display', installEventDisplay],
    ['compose', installCompose],
    ['helm', installHelm],
    ['kubeconform', installKubeconform],
    ['ServiceMonitor', installServiceMonitor],
  ],
]

/** Installs those that are missing and prints the version of each, or why it is unavailable. */
export async function installAll(): Promise<void> {
  await Promise.all(
    lanes.map(async (lane) => {
      for (const [name, find] of lane) {
        const installed = await find()
        console.log(
          installed.path === undefined
            ? `without ${name}: ${installed.reason}`
            : `${name} ${installed.version} (${installed.path})`,
        )
      }
    }),
  )
}

if (isMain(import.meta.url)) await installAll()
