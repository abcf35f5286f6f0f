// `npm run test:real`: Weir against real programs, then every acceptance run at CI scale. `npm run test:real --
// NAME` runs the test files with NAME in their path, without acceptance runs. `npm run test:real -- --write [NAME
// …]` also writes the proven results (docs/support-results.json), without acceptance runs.
import { countVitest } from '../../tools/count-vitest.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { addCounts, findCounts, formatCounts } from '../../tools/kit/counts.ts'
import { install } from './install/apt.ts'
import { installBuf } from './install/buf.ts'
import { chdb, installChdb } from './install/chdb.ts'
import { clickhouse } from './install/clickhouse.ts'
import { installCompose } from './install/compose.ts'
import { elasticmq, installElasticmq } from './install/elasticmq.ts'
import { influxdb } from './install/influxdb.ts'
import { installOpensearch, opensearch } from './install/opensearch.ts'
import { findVictoriametrics, victoriametrics } from './install/victoriametrics.ts'
import { installGoAgent } from './install/go-agent.ts'
import { installGrafanaDatasource } from './install/grafana-datasource.ts'
import { installGoCloudEvents } from './install/go-cloudevents.ts'
import { installGoConsumer } from './install/go-consumer.ts'
import { installKafka, kafka } from './install/kafka.ts'
import { installKeycloak, keycloak } from './install/keycloak.ts'
import { nats } from './install/nats.ts'
import { installNeo4j, neo4j } from './install/neo4j.ts'
import { nfcapd } from './install/nfcapd.ts'
import { collector, installCollector } from './install/otel-collector.ts'
import { installHelm, installKubeconform } from './install/helm.ts'
import { installMoto, moto } from './install/moto.ts'
import { installEventDisplay, installKnative } from './install/knative.ts'
import { findPubSub, pubsub } from './install/pubsub.ts'
import { pmacct } from './install/pmacct.ts'
import { prometheus } from './install/prometheus.ts'
import { installPyarrow } from './install/pyarrow.ts'
import { installPythonBuses } from './install/python-buses.ts'
import { installPythonProtobuf } from './install/python-protobuf.ts'
import { sfcapd } from './install/sfcapd.ts'
import { rabbitmq } from './install/rabbitmq.ts'
import { installShellcheck } from './install/shellcheck.ts'
import { softflowd } from './install/softflowd.ts'
import { strace } from './install/strace.ts'
import { installServiceMonitor } from './install/service-monitor.ts'
import { installZipkin, zipkin } from './install/zipkin.ts'

// Together with the other stages below 85 minutes (.ci/run).
const VITEST_LIMIT = 45 * 60_000
const RUNS_LIMIT = 18 * 60_000
const write = process.argv.includes('--write')
const filters = process.argv.slice(2).filter((one) => one !== '--write')
const recording = write ? ['--reporter=test/kit/support-reporter.ts'] : []

// Before the tests, so that no test pays for a download, one after the other (one package database).
const wanted = [nats, rabbitmq, softflowd, pmacct, nfcapd, sfcapd, strace, prometheus, clickhouse, influxdb].map(
  (program) => ({
    name: program.name,
    find: () => install(program),
  }),
)
for (const { name, find } of [
  ...wanted,
  { name: 'pyarrow', find: installPyarrow },
  { name: 'buf', find: installBuf },
  { name: 'python-protobuf', find: installPythonProtobuf },
  { name: chdb.name, find: installChdb },
  { name: keycloak.name, find: installKeycloak },
  { name: kafka.name, find: installKafka },
  { name: neo4j.name, find: installNeo4j },
  { name: moto.name, find: installMoto },
  { name: elasticmq.name, find: installElasticmq },
  { name: opensearch.name, find: installOpensearch },
  { name: victoriametrics.name, find: findVictoriametrics },
  { name: pubsub.name, find: findPubSub },
  { name: zipkin.name, find: installZipkin },
  { name: collector.name, find: installCollector },
  { name: 'go-consumer', find: installGoConsumer },
  { name: 'python-buses', find: installPythonBuses },
  { name: 'go-cloudevents', find: installGoCloudEvents },
  { name: 'go-agent', find: installGoAgent },
  { name: 'grafana-datasource', find: installGrafanaDatasource },
  { name: 'Knative’s definitions', find: installKnative },
  { name: 'event_display', find: installEventDisplay },
  { name: 'compose', find: installCompose },
  { name: 'helm', find: installHelm },
  { name: 'shellcheck', find: installShellcheck },
  { name: 'kubeconform', find: installKubeconform },
  { name: 'ServiceMonitor', find: installServiceMonitor },
]) {
  const installed = await find()
  console.log(
    installed.path === undefined
      ? `without ${name}: ${installed.reason}`
      : `${name} ${installed.version} (${installed.path})`,
  )
}

const tests = await countVitest(
  ['--config', 'test/real/vitest.config.ts', ...recording, ...filters, ...(write ? ['--passWithNoTests'] : [])],
  VITEST_LIMIT,
)
const all = [tests]
if (write) {
  // Suites that need nothing but the checkout.
  all.push(
    await countVitest(
      [...recording, ...(filters.length === 0 ? ['conformance'] : filters), '--passWithNoTests'],
      VITEST_LIMIT,
    ),
  )
} else if (filters.length === 0) {
  const runs = await runCommand(process.execPath, ['bench/run.ts', '--all', '--scale', 'ci', '--at-once', '6'], {
    cwd: ROOT,
    limit: RUNS_LIMIT,
    echo: true,
  })
  const counts = findCounts(runs.stdout)
  all.push(
    counts === undefined || (runs.code !== 0 && counts.failed === 0) ? { passed: 0, failed: 1, skipped: 0 } : counts,
  )
}
const sum = addCounts(all)
console.log(`test:real: ${formatCounts(sum)}`)
process.exitCode = sum.failed === 0 ? 0 : 1
