// Oracles: clients that record each 2xx, and an exporter with numbered flows.
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { prepareWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']

interface Side {
  readonly weir: WeirProcess
  readonly client: EventClient
  readonly flows: FlowSender
  readonly source: string
}

interface Fight {
  kills: number
  takeovers: number
  refusals: number
  /** Starts that became ready while the other side ran. */
  both: string[]
  readonly readyMs: number[]
}

export default {
  name: 'two-writers',
  issue: '24.4',
  title:
    'Two PID namespaces compete for one folder under kill -9: no acknowledged row is lost, and never do both write.',
  async run(context) {
    const [program = '', ...args] = namespace
    if ((await runCommand(program, [...args, 'true'], { limit: 10_000 })).code !== 0)
      context.skip('unshare is not permitted here')
    const data = join(context.folder, 'data')
    await using first = await side(context, data, 'first')
    await using second = await side(context, data, 'second')
    const sides = [first, second]
    for (const { client, flows } of sides) {
      client.start()
      await flows.start()
    }
    const fight = await compete(context, sides)
    for (const { flows } of sides) await flows.close()
    // Started batches end at the server of their side.
    for (const { weir, client } of sides) {
      await weir.start()
      await client.stop()
      await weir.stop()
    }
    context.figure('kills', fight.kills)
    context.figure('takeovers', fight.takeovers)
    context.figure('refused starts', fight.refusals)
    context.figure('from launch to ready, p50', Math.round(percentile(fight.readyMs, 50)), 'ms')
    context.figure('from launch to ready, p95', Math.round(percentile(fight.readyMs, 95)), 'ms')
    context.expect(fight.both.length === 0, `no start became ready while the other side ran (${some(fight.both)})`)
    context.expectSpeed(fight.takeovers > 0 && fight.refusals > 0, 'the folder changed hands, and starts were refused')
    await first.weir.start()
    await check(context, first.weir, sides)
  },
} satisfies AcceptanceRun

async function side(context: AcceptanceContext, data: string, source: string): Promise<Side & AsyncDisposable> {
  const weir = await prepareWeir({
    folder: join(context.folder, source),
    data,
    through: namespace,
    config: { journal: { segment: '1MiB', keep: '2MiB' }, sources: { netflow: { flush: '100ms' } } },
  })
  const client = new EventClient({
    url: weir.url,
    connections: 2,
    batch: 10,
    pause: 10,
    padding: 200,
    source: `/${source}`,
  })
  const flows = new FlowSender({ port: weir.ports.netflow, rate: 1500 })
  return { weir, client, flows, source, [Symbol.asyncDispose]: () => weir[Symbol.asyncDispose]() }
}

async function compete(context: AcceptanceContext, sides: readonly Side[]): Promise<Fight> {
  const random = new SeededRandom(context.seed)
  const fight: Fight = { kills: 0, takeovers: 0, refusals: 0, both: [], readyMs: [] }
  let holder: Side | undefined
  let last: Side | undefined
  let isOver = false
  const total = context.size(500, 6)
  /** Restarts a side, like an orchestrator. */
  const supervise = async (one: Side) => {
    while (!isOver) {
      const launched = performance.now()
      one.weir.launch()
      const isReady = await one.weir.ready().then(
        () => true,
        () => false,
      )
      if (isReady) {
        fight.readyMs.push(performance.now() - launched)
        if (holder !== undefined && holder !== one) fight.both.push(`${one.source} after ${fight.kills} kills`)
        if (last !== undefined && last !== one) fight.takeovers++
        holder = last = one
        await one.weir.exited()
        if (holder === one) holder = undefined
      } else if (one.weir.lastLog.includes('belongs to')) {
        fight.refusals++
      }
      await sleep(random.integer(10, 200))
    }
  }
  const kill = (target: Side | undefined) => {
    // Kill the child only: its launcher would end Weir with it.
    if (target === undefined || target.weir.launched === -1 || target.weir.pid === target.weir.launched) return
    target.weir.signal('SIGKILL')
    fight.kills++
  }
  const killing = async () => {
    while (fight.kills < total) {
      while (holder === undefined) await sleep(20)
      await sleep(random.integer(50, context.size(1500, 800)))
      kill(random.chance(0.85) ? holder : sides.find((one) => one !== holder))
      // Sometimes a side during its start, too.
      while (fight.kills < total && random.chance(0.15)) {
        await sleep(random.integer(50, 800))
        kill(sides[random.integer(0, 1)])
      }
    }
    isOver = true
    for (const { weir } of sides) await weir.kill()
  }
  await Promise.all([...sides.map(supervise), killing()])
  for (const { weir } of sides) await weir.kill()
  return fight
}

async function check(context: AcceptanceContext, weir: WeirProcess, sides: readonly Side[]) {
  const ledger = await weir.caughtUp(120_000)
  context.expect(ledger.balanced, 'the ledger is balanced in the end')
  let sent = 0
  for (const { source, client } of sides) {
    const [counts] = await weir.sql<{ rows: number; ids: number }>(
      `SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events WHERE source = '/${source}'`,
    )
    const missing = await weir.sql<{ n: number }>(
      `SELECT n FROM range(0, ${client.sent}) AS numbers(n) WHERE n NOT IN (SELECT CAST(id AS BIGINT) FROM ` +
        `events WHERE source = '/${source}')`,
    )
    context.figure(`${source}: events acknowledged`, client.acknowledged.length)
    context.expect(
      client.acknowledged.length > 0 && missing.length === 0,
      `${source}: every acknowledged event is stored (missing: ${some(missing.map(({ n }) => n))})`,
    )
    context.expect(
      counts?.rows === client.sent && counts.ids === client.sent,
      `${source}: each of ${client.sent} ids is stored exactly once (${counts?.rows} rows, ${counts?.ids} ids)`,
    )
    sent += client.sent
  }
  const accepted = (name: string) => ledger.sources.find((one) => one.name === name)?.accepted ?? 0
  context.expect(
    accepted('http') === sent,
    `the ledger counts as many events as the clients (${accepted('http')} of ${sent})`,
  )
  const [flows] = await weir.sql<{ rows: number }>('SELECT count(*) AS rows FROM flows')
  context.figure('flows stored', flows?.rows ?? 0)
  context.expect(
    (flows?.rows ?? 0) > 0 && flows?.rows === accepted('netflow'),
    `every accepted flow is stored once (${flows?.rows} rows of ${accepted('netflow')})`,
  )
  const log = sides.map((one) => one.weir.log).join('')
  context.expect(
    !/unreadable|cannot be read|NOT BALANCED|Another process writes/.test(log),
    'no start found anything unreadable, and no writer found another one',
  )
}
