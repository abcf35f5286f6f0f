// Reloads and a kill while windows of an aggregate with more than 10,000 groups are open, with changes of its window:
// the sums are exact.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

interface Config {
  transforms: { sums: Record<string, unknown> }
  sinks: Record<string, unknown>
}

async function started(): Promise<{
  folder: string
  weir: WeirProcess
  change: (edit: (config: Config) => void) => Promise<unknown>
}> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-windows-'))
  const weir = await startWeir({
    folder,
    config: {
      store: { from: ['sums'] },
      transforms: {
        sums: {
          type: 'aggregate',
          from: ['netflow'],
          window: '2s',
          by: ['src_addr'],
          values: { packets: 'sum(packets)', bytes: 'sum(bytes)', flows: 'count()' },
        },
      },
      sinks: {},
    },
  })
  onTestFinished(async () => {
    await weir.kill()
    await rm(folder, { recursive: true, force: true })
  })
  const file = join(folder, 'weir.yaml')
  return {
    folder,
    weir,
    change: async (edit) => {
      const config = parse(await readFile(file, 'utf8')) as Config
      edit(config)
      await writeFile(file, stringify(config))
      return weir.post('/api/v1/reload', {})
    },
  }
}

test('reloads and a kill while flows arrive keep the sums of open windows exact, with 10,000 groups', async () => {
  const { folder, weir, change } = await started()
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 6000, addresses: 30_000 })
  onTestFinished(() => sender.close())
  const accepted = async (): Promise<number> =>
    (await weir.ledger()).sources.find(({ name }) => name === 'netflow')?.accepted ?? 0
  const sent = async (count: number): Promise<void> => {
    while (sender.sent < count) await sleep(20)
  }
  await sender.start()
  await sent(8000)
  expect(
    await change(({ sinks }) => {
      sinks['out'] = { type: 'file', path: join(folder, 'sums.ndjson'), from: ['sums'] }
    }),
  ).toMatchObject({ ok: true, changed: ['out'] })
  await sent(16_000)
  expect(
    await change(({ transforms }) => {
      transforms.sums['delivery'] = { events: 500 }
    }),
  ).toMatchObject({ ok: true, changed: ['sums'] })
  await sent(24_000)
  expect(
    await change(({ transforms }) => {
      transforms.sums['groups'] = 50_000
      transforms.sums['window'] = '3s'
    }),
  ).toMatchObject({ ok: true, changed: ['sums'] })
  await sent(36_000)
  // Nothing may be on its way while the process is away.
  sender.pause()
  await expect.poll(accepted, { timeout: 30_000 }).toBe(sender.sent)
  await weir.kill()
  // With the first configuration again, and so with another window.
  await weir.start()
  await sender.start()
  await sent(52_000)
  await sender.close()
  const { sent: count } = sender
  const ledger = await weir.caughtUp(60_000, ['sums', 'store'])
  expect(ledger.balanced).toBe(true)
  expect(ledger.sinks.find(({ name }) => name === 'sums')?.filtered).toEqual({ aggregated: count })
  const total = async (): Promise<Record<string, unknown> | undefined> => {
    const [row] = await weir.sql<Record<string, unknown>>(
      `SELECT sum(packets)::DOUBLE AS packets, sum(CAST(extra->>'flows' AS BIGINT))::DOUBLE AS flows FROM flows`,
    )
    return row
  }
  await expect
    .poll(total, { timeout: 60_000, interval: 500 })
    .toEqual({ packets: (count * (count + 1)) / 2, flows: count })
  const [groups] = await weir.sql<{ n: number }>(
    `SELECT max(n)::DOUBLE AS n FROM (SELECT count(*) AS n FROM flows GROUP BY time_start)`,
  )
  expect(groups?.n).toBeGreaterThan(7000)
  const [distinct] = await weir.sql<{ n: number }>('SELECT count(DISTINCT src_addr)::DOUBLE AS n FROM flows')
  expect(distinct?.n).toBeGreaterThan(10_000)
})
