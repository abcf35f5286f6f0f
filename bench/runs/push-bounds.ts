// Weir runs in a control group of 512 MB where the machine allows one; its memory is measured in any case.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { some } from '../../test/kit/delivered.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import { openMemoryGroup } from '../../test/kit/memory-group.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { memoryOf, treeMemory } from '../../test/kit/proc.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { compressed, type Encoding } from './push-bounds/bodies.ts'
import {
  apiListeners,
  auditListener,
  lagoonListeners,
  lokiListeners,
  otlpListeners,
  remoteWriteListeners,
  send,
  sendExpanding,
  sendValid,
  type Listener,
  type Sent,
} from './push-bounds/listeners.ts'

const [limitBytes, mostBytes] = [512 << 20, 400e6]
const secret = 'a-secret-of-at-least-thirty-two-bytes'
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const atOnce = 4
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
    const group = openMemoryGroup(`weir-push-bounds-${process.pid}`, limitBytes)
    context.figure('control group of 512 MB', group === undefined ? 'not available' : 'yes')
    try {
      const [otlp = 0, loki = 0, remoteWrite = 0, audit = 0, lagoon = 0] = await freePorts(5)
      const at = (port: number): string => `127.0.0.1:${port}`
      const kubeconfig = join(context.folder, 'kubeconfig')
      // No server is there: the listener of the source does not need one.
      writeFileSync(kubeconfig, kubeconfigOf('http://127.0.0.1:1'))
      await using weir = await startWeir({
        folder: join(context.folder, 'weir'),
        ...(group === undefined ? {} : { through: group.through }),
        env: { LAGOON_SECRET: secret },
        config: {
          sources: {
            otlp: { listen: at(otlp) },
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
          },
        },
      })
      const url = (port: number): string => `http://${at(port)}`
      const listeners = [
        ...otlpListeners(url(otlp)),
        ...lokiListeners(url(loki)),
        ...remoteWriteListeners(url(remoteWrite)),
        auditListener(url(audit)),
        ...lagoonListeners(url(lagoon), await mintToken(secret, claims)),
        ...apiListeners(weir.url),
      ]
      await attack(context, weir, listeners)
      await weir.caughtUp(120_000)
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

async function attack(context: AcceptanceContext, weir: WeirProcess, listeners: readonly Listener[]) {
  const { pid } = weir
  using memory = watchMemory(pid)
  let [valid, refused] = [0, 0]
  const times: number[] = []
  const wrong: string[] = []
  const judge = (listener: Listener, { what, status, retryAfter }: Sent) => {
    if (!allowed.has(status)) wrong.push(`${listener.name}: ${what}: ${status}`)
    if ((status === 429 || status === 503) && retryAfter === null)
      wrong.push(`${listener.name}: ${what}: no Retry-After`)
  }
  const beside = async (listener: Listener) => {
    const n = ++valid
    for (let left = attempts; ; left--) {
      const sent = await sendValid(listener, n)
      if (sent.status >= 200 && sent.status < 300) return void times.push(sent.ms)
      if (sent.status === 429 || sent.status === 503) refused++
      if (left === 1 || (sent.status !== 429 && sent.status !== 503))
        return void wrong.push(`${listener.name}: a valid request: ${sent.status}`)
      await sleep(1000 * Number(sent.retryAfter ?? 1))
    }
  }
  for (const listener of listeners) {
    await Promise.all([known(listener).then((sent) => sent.forEach((one) => judge(listener, one))), beside(listener)])
    const random = new SeededRandom(context.seed)
    const statuses: number[] = []
    const count = context.size(300, 8)
    for (let done = 0; done < count; done += atOnce) {
      const bodies = Array.from({ length: atOnce }, () => sendExpanding(listener, random.fork()))
      const [sent] = await Promise.all([Promise.all(bodies), beside(listener)])
      for (const one of sent) {
        judge(listener, one)
        statuses.push(one.status)
      }
      if (weir.pid !== pid) throw new Error(`Weir ended at ${listener.name}:\n${weir.lastLog.slice(-2000)}`)
    }
    context.figure(`${listener.name}: responses`, counts(statuses))
    context.figure(`${listener.name}: highest memory`, Math.round(memory.next() / 1e6), 'MB')
  }
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
async function known(listener: Listener): Promise<readonly Sent[]> {
  const bodies: Readonly<Record<string, () => [Encoding, Uint8Array]>> = {
    'otlp logs, protobuf': () => ['gzip', Buffer.alloc(15_000_000, Uint8Array.of(0x0a, 0x00))],
    'loki-push, JSON': () => [
      'gzip',
      Buffer.from(`{"streams":[{"stream":{},"values":[${'["1","x"],'.repeat(1_499_999)}["1","x"]]}]}`),
    ],
    'remote-write 1.0': () => ['snappy', Buffer.alloc(15_000_000, Uint8Array.of(0x0a, 0x00))],
  }
  const made = bodies[listener.name]?.()
  if (made === undefined) return []
  const [encoding, plain] = made
  const body = compressed(encoding, plain)
  return Promise.all(
    Array.from({ length: atOnce }, () => send(listener, { encoding, body, what: `${body.length} known bytes` })),
  )
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
