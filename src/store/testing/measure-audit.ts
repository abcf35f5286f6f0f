/**
 * Prints the duration of queries over audit events of one day. `npm run ts src/store/testing/measure-audit.ts [events]
 * [folder to keep]`
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../host/index.ts'
import { openStore } from '../index.ts'
import { printCosts } from './costs.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver, startOfDay } from './frames.ts'
import { traceEvent } from './traces.ts'

const total = Number(process.argv[2] ?? 1_000_000)
const kept = process.argv[3]
const perFrame = 1000
const day = 86_400_000
const moment = (ms: number): string => `make_timestamptz(${Math.round(ms) * 1000})`
const within = `time >= ${moment(startOfDay)} AND time < ${moment(startOfDay + day)}`
const queries: readonly (readonly [what: string, sql: string])[] = [
  ['how many', `SELECT count(*) FROM audit WHERE ${within}`],
  ['newest hundred', `SELECT time, actor, action, resource FROM audit WHERE ${within} ORDER BY time DESC LIMIT 100`],
  [
    'by severity over time',
    `SELECT epoch_us(time) // 600000000 AS bucket, severity, count(*) FROM audit WHERE ${within} GROUP BY ALL`,
  ],
  ['largest actors', `SELECT actor, count(*) AS n FROM audit WHERE ${within} GROUP BY ALL ORDER BY n DESC LIMIT 50`],
  [
    'of one actor, newest',
    `SELECT time, action, resource FROM audit WHERE actor = 'user:d0123456789abcdef/u1500' ORDER BY time DESC
      LIMIT 100`,
  ],
  [
    'of one resource',
    `SELECT time, actor, action FROM audit
      WHERE resource = 'otc:project0/svc0/type0/0000002a-0000-4000-8000-000000000000'`,
  ],
  [
    'two hops from an actor',
    `WITH own AS (SELECT DISTINCT resource FROM audit WHERE actor = 'user:d0123456789abcdef/u1500')
      SELECT actor, count(*) FROM audit WHERE resource IN (FROM own) GROUP BY ALL ORDER BY 2 DESC LIMIT 25`,
  ],
  [
    'column graph',
    `SELECT actor, service, action, resource, tenant, region, severity, count(*) AS n FROM audit WHERE ${within}
      GROUP BY ALL ORDER BY n DESC LIMIT 50`,
  ],
]

const home = kept ?? (await mkdtemp(join(tmpdir(), 'weir-measure-')))
const had = await stat(join(home, 'store')).then(
  () => true,
  () => false,
)
const store = await openStore({
  host: realHost(),
  directory: join(home, 'store'),
  resolver,
  log: recordingLog(),
  metrics: recordingMetrics(),
})
try {
  if (!had) {
    const make = new FrameMaker()
    const began = process.cpuUsage()
    for (let from = 0; from < total; from += perFrame) {
      await store.projection.apply([
        make.events(
          Array.from({ length: Math.min(perFrame, total - from) }, (_, at) =>
            traceEvent(from + at, startOfDay + Math.floor(((from + at) / total) * day)),
          ),
        ),
      ])
      if (store.projection.wantsCommit()) await store.projection.commit()
    }
    await store.projection.commit()
    const { user, system } = process.cpuUsage(began)
    console.log(
      `${'traces stored, CPU-seconds with their making'.padEnd(45)} ${total}  ${((user + system) / 1e6).toFixed(1)}`,
    )
  }
  await printCosts(store.reader, queries, 45)
} finally {
  await store.close()
  if (kept === undefined) await rm(home, { recursive: true, force: true })
}
