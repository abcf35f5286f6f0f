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

/** `module`: of this folder. A test that needs the program imports it. */
type Named = readonly [module: string, name: string, find: () => Installed | Promise<Installed>]

/** At the same time; each in its order, because its programs share a package database, an index or a build cache. */
const lanes: readonly (readonly Named[])[] = [
  Object.entries({ nats, rabbitmq, softflowd, pmacct, nfcapd, sfcapd, strace, prometheus, clickhouse, influxdb }).map(
    ([module, program]): Named => [module, program.name, () => install(program)],
  ),
  [
    ['chdb', chdb.name, installChdb],
    ['pyarrow', 'pyarrow', installPyarrow],
    ['python-protobuf', 'python-protobuf', installPythonProtobuf],
    ['moto', moto.name, installMoto],
    ['python-buses', 'python-buses', installPythonBuses],
    ['shellcheck', 'shellcheck', installShellcheck],
  ],
  [
    ['keycloak', keycloak.name, installKeycloak],
    ['kafka', kafka.name, installKafka],
    ['neo4j', neo4j.name, installNeo4j],
    ['elasticmq', elasticmq.name, installElasticmq],
    ['opensearch', opensearch.name, installOpensearch],
    ['pubsub', pubsub.name, findPubSub],
    ['zipkin', zipkin.name, installZipkin],
  ],
  [
    ['buf', 'buf', installBuf],
    ['go-consumer', 'go-consumer', installGoConsumer],
    ['go-cloudevents', 'go-cloudevents', installGoCloudEvents],
    ['go-agent', 'go-agent', installGoAgent],
    ['victoriametrics', victoriametrics.name, findVictoriametrics],
    ['otel-collector', collector.name, installCollector],
    ['grafana-datasource', 'grafana-datasource', installGrafanaDatasource],
    ['knative', 'Knative’s definitions', installKnative],
    ['knative', 'event_display', installEventDisplay],
    ['compose', 'compose', installCompose],
    ['helm', 'helm', installHelm],
    ['helm', 'kubeconform', installKubeconform],
    ['service-monitor', 'ServiceMonitor', installServiceMonitor],
  ],
]

/**
 * Installs those that are missing and prints the version of each, or why it is unavailable. `imported`: paths in the
 * repository; only programs of these modules. Default: all.
 */
export async function installAll(imported?: ReadonlySet<string>): Promise<void> {
  await Promise.all(
    lanes.map(async (lane) => {
      for (const [module, name, find] of lane) {
        if (imported?.has(`test/real/install/${module}.ts`) === false) continue
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
