// Weir runs in a control group of 512 MB where the machine allows one; its memory is measured in any case.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundleIsCurrent } from '../../bin/sources.mjs'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { some } from '../kit/delivered.ts'
import { freePorts } from '../kit/free-port.ts'
import { kubeconfigOf } from '../kit/kubeconfig.ts'
import { openMemoryGroup } from '../kit/memory-group.ts'
import { percentile } from '../kit/percentile.ts'
import { memoryOf, treeMemory } from '../kit/proc.ts'
import { SeededRandom } from '../kit/random.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../../bench/harness.ts'
import { records, flow } from '../../src/codecs/pbflow/testing/messages.ts'
import { install } from '../real/install/apt.ts'
import { nats as natsServer } from '../real/install/nats.ts'
import { startNats } from '../real/kit/nats.ts'
import { compressed, type Encoding } from './push-bounds/bodies.ts'
import { natsFeed, polledFeed, websocketFeed, type Feed } from './push-bounds/feeds.ts'
import {
  apiListeners,
  auditListener,
  lagoonListeners,
  lokiListeners,
  otlpListeners,
  remoteWriteListeners,
} from './push-bounds/listeners.ts'
import { ExpandingBodies, overGrpc, overHttp, send, sendValid, type Sent, type Target } from './push-bounds/targets.ts'

const [limitBytes, mostBytes] = [512 << 20, 400e6]
const secret = 'a-secret-of-at-least-thirty-two-bytes'
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const atOnce = 4
/** Bodies for each listener. */
const bodies = { full: 300, ci: 4 }
/** Attempts of a valid request, which waits as `Retry-After` states. */
const attempts = 10
const allowed = new Set([200, 202, 204, 400, 413, 415, 422, 429, 503])

export default {
  name: 'push-bounds',
  issue: '56.1',
  title:
    'In 512 MB, bodies that expand to millions of values cost at most 400 MB, four at once on each listener, and a ' +
    'valid request beside them succeeds.',
  async run(context) {
    await using stack = new AsyncDisposableStack()
    const feeds = [await websocketFeed(), await polledFeed()]
    const nats = await install(natsServer)
    if (nats.path === undefined) context.figure('nats', `not available: ${nats.reason}`)
    else {
      const dir = join(context.folder, 'nats')
      mkdirSync(dir)
      feeds.push(await natsFeed(stack.use(await startNats({ jetstream: true, dir, config: 'max_payload: 8388608' }))))
    }
    stack.defer(() => Promise.all(feeds.map((feed) => feed.stop())).then(() => {}))
    const group = openMemoryGroup(`weir-push-bounds-${process.pid}`, limitBytes)
    // TypeScript sources take 37 MB more.
    context.figure('program', bundleIsCurrent(join(import.meta.dirname, '../..')) ? 'bundle' : 'TypeScript sources')
    context.figure('control group of 512 MB', group === undefined ? 'not available' : 'yes')
    try {
      const ports = await freePorts(7)
      const [otlp = 0, loki = 0, remoteWrite = 0, audit = 0, lagoon = 0, grpc = 0, netobserv = 0] = ports
      const at = (port: number): string => `127.0.0.1:${port}`
      const kubeconfig = join(context.folder, 'kubeconfig')
      // No server is there: the target of the source does not need one.
      writeFileSync(kubeconfig, kubeconfigOf('http://127.0.0.1:1'))
      await using weir = await startWeir({
        folder: join(context.folder, 'weir'),
        ...(group === undefined ? {} : { through: group.through }),
        env: { LAGOON_SECRET: secret },
        config: {
          sources: {
            otlp: { listen: at(otlp), grpc: at(grpc) },
            netobserv: { listen: at(netobserv) },
            'loki-push': { listen: at(loki) },
            'remote-write': { listen: at(remoteWrite) },
            'kube-audit': { listen: at(audit), cluster: 'lab' },
            'lagoon-insights': {
              listen: at(lagoon),
              cluster: 'lab',
              kubeconfig,
              configmaps: false,
              bind_tokens: false,
              token_secret: 'env:LAGOON_SECRET',
            },
            ...Object.fromEntries(feeds.map(({ name, config }) => [name, config])),
          },
        },
      })
      const url = (port: number): string => `http://${at(port)}`
      const overHttps = [
        ...otlpListeners(url(otlp)),
        ...lokiListeners(url(loki)),
        ...remoteWriteListeners(url(remoteWrite)),
        auditListener(url(audit)),
        ...lagoonListeners(url(lagoon), await mintToken(secret, claims)),
        ...apiListeners(weir.url),
      ]
      const overGrpcs = grpcTargets(url(grpc), url(netobserv))
      const targets = [...overHttps.map(overHttp), ...overGrpcs, ...feeds]
      await attack(context, weir, targets)
      await weir.caughtUp(120_000)
      await verifyFeeds(context, weir, feeds)
      context.expect((await weir.ledger()).balanced, 'the ledger is balanced')
      if (group !== undefined) context.expect(group.kills() === 0, 'the kernel ended no process')
      context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
    } finally {
      for (let left = 20; left > 0; left--) {
        try {
          group?.remove()
          break
        } catch {
          // The kernel removes the processes of the group shortly after their end.
          await sleep(100)
        }
      }
    }
  },
} satisfies AcceptanceRun

async function attack(context: AcceptanceContext, weir: WeirProcess, targets: readonly Target[]) {
  const { pid } = weir
  using memory = watchMemory(pid)
  let [valid, refused] = [0, 0]
  const times: number[] = []
  const wrong: string[] = []
  const judge = (target: Target, { what, status, retryAfter }: Sent) => {
    if (!allowed.has(status)) wrong.push(`${target.name}: ${what}: ${status}`)
    if ((status === 429 || status === 503) && retryAfter === null) wrong.push(`${target.name}: ${what}: no Retry-After`)
  }
  const beside = async (target: Target) => {
    const n = ++valid
    for (let left = attempts; ; left--) {
      const sent = await sendValid(target, n)
      if (sent.status >= 200 && sent.status < 300) return void times.push(sent.ms)
      if (sent.status === 429 || sent.status === 503) refused++
      if (left === 1 || (sent.status !== 429 && sent.status !== 503))
        return void wrong.push(`${target.name}: a valid request: ${sent.status}`)
      await sleep(1000 * Number(sent.retryAfter ?? 1))
    }
  }
  const strike = async (target: Target) => {
    await Promise.all([known(target).then((sent) => sent.forEach((one) => judge(target, one))), beside(target)])
    const expanding = new ExpandingBodies(target, new SeededRandom(context.seed))
    const statuses: number[] = []
    const count = bodies[context.scale]
    for (let done = 0; done < count; done += atOnce) {
      const sending = Array.from({ length: atOnce }, () => expanding.send())
      const [sent] = await Promise.all([Promise.all(sending), beside(target)])
      for (const one of sent) {
        judge(target, one)
        statuses.push(one.status)
      }
      if (weir.pid !== pid) throw new Error(`Weir ended at ${target.name}:\n${weir.lastLog.slice(-2000)}`)
    }
    context.figure(`${target.name}: responses`, counts(statuses))
    context.figure(`${target.name}: highest memory`, Math.round(memory.next() / 1e6), 'MB')
  }
  // A polled API has one body a second.
  const [slow, others] = [
    targets.filter(({ name }) => name === 'http-poll'),
    targets.filter(({ name }) => name !== 'http-poll'),
  ]
  const beginning = Promise.all(slow.map(strike))
  for (const target of others) await strike(target)
  await beginning
  const highest = memory.highest()
  context.figure('highest memory of all processes', Math.round(highest / 1e6), 'MB')
  context.figure('peak of the main process', Math.round(memoryOf(pid).peak / 1e6), 'MB')
  context.figure('valid requests beside them', valid)
  context.figure('their refusals with Retry-After', refused)
  context.figure('their p95', Math.round(percentile(times, 95)), 'ms')
  context.expect(wrong.length === 0, `every response is allowed, and every valid request succeeds (${some(wrong)})`)
  context.expectSpeed(highest <= mostBytes, 'memory stays below 400 MB')
}

/** The bodies that ended a container before; {@link atOnce} at once. */
async function known(target: Target): Promise<readonly Sent[]> {
  const made: Readonly<Record<string, () => [Encoding, Uint8Array]>> = {
    'otlp logs, protobuf': () => ['gzip', Buffer.alloc(15_000_000, Uint8Array.of(0x0a, 0x00))],
    'loki-push, JSON': () => [
      'gzip',
      Buffer.from(`{"streams":[{"stream":{},"values":[${'["1","x"],'.repeat(1_499_999)}["1","x"]]}]}`),
    ],
    'remote-write 1.0': () => ['snappy', Buffer.alloc(15_000_000, Uint8Array.of(0x0a, 0x00))],
  }
  const one = made[target.name]?.()
  if (one === undefined) return []
  const [encoding, plain] = one
  const body = compressed(encoding, plain)
  return Promise.all(
    Array.from({ length: atOnce }, () => send(target, { encoding, body }, `${body.length} known bytes`)),
  )
}

function grpcTargets(otlp: string, netobserv: string): readonly Target[] {
  const services = { logs: 'logs.v1.LogsService', metrics: 'metrics.v1.MetricsService' } as const
  const overOtlp = otlpListeners('').flatMap((given) => {
    const signal = given.name.includes('logs') ? 'logs' : 'metrics'
    if ('json' in given.shape) return []
    const path = `/opentelemetry.proto.collector.${services[signal]}/Export`
    return [overGrpc({ ...given, name: `otlp ${signal}, gRPC` }, { url: otlp, path })]
  })
  const agent = {
    name: 'netobserv, gRPC',
    shape: { proto: { paths: [[1], [1, 1], [1, 9]], elements: [records(flow())] } },
    most: 15 << 20,
    valid: () => records(flow()),
  }
  return [...overOtlp, overGrpc(agent, { url: netobserv, path: '/pbflow.Collector/Send' })]
}

/** These sources do not respond: their valid messages are in the store. */
async function verifyFeeds(context: AcceptanceContext, weir: WeirProcess, feeds: readonly Feed[]) {
  for (const { name, type } of feeds) {
    // An acknowledgement follows the sync.
    if (name === 'nats') continue
    const sql = `SELECT count(DISTINCT id) AS found FROM events WHERE type = '${type}' AND id LIKE 'valid-%'`
    const [row] = await weir.sql<{ found: number | string }>(sql)
    const sent = 1 + Math.ceil(bodies[context.scale] / atOnce)
    context.figure(`${name}: valid messages in the store`, `${row?.found} of ${sent}`)
    context.expect(Number(row?.found) === sent, `every valid message of ${name} is in the store`)
  }
}

function counts(statuses: readonly number[]): string {
  const by = new Map<number, number>()
  for (const status of statuses) by.set(status, (by.get(status) ?? 0) + 1)
  return [...by]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ')
}

function watchMemory(pid: number) {
  let [highest, since] = [0, 0]
  const look = () => {
    const now = treeMemory(pid)
    highest = Math.max(highest, now)
    since = Math.max(since, now)
  }
  const timer = setInterval(look, 50)
  return {
    /** Peak since the last call, in bytes. */
    next: (): number => {
      const peak = since
      since = 0
      return peak
    },
    highest: (): number => highest,
    [Symbol.dispose]: (): void => clearInterval(timer),
  }
}
