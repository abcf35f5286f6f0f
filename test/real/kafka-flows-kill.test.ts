import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SeededRandom } from '../kit/random.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { installGoAgent } from './install/go-agent.ts'
import { exportFlows } from './kit/go-agent.ts'
import { useKafka } from './kit/kafka-source.ts'

const patience = { timeout: 120_000, interval: 200 }
const stage = useKafka(installGoAgent)

async function weirOn(topic: string): Promise<WeirProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-flows-'))
  const weir = await startWeir({
    folder,
    config: {
      sources: {
        flows: {
          type: 'kafka',
          brokers: [stage.address],
          topics: [topic],
          group: `g-${topic}`,
          codec: 'pbflow',
          session_timeout: '6s',
          refresh: '1s',
        },
      },
    },
  })
  onTestFinished(async () => {
    await weir.kill()
    await rm(folder, { recursive: true, force: true })
  })
  return weir
}

interface Counts {
  readonly rows: number
  /** How often a number of a flow occurs. */
  readonly least: number
  readonly most: number
}

async function stored(weir: WeirProcess): Promise<Counts> {
  const [counts] = await weir.sql<Record<keyof Counts, string | number | null>>(
    'SELECT sum(n) AS rows, min(n) AS least, max(n) AS most FROM (SELECT count(*) AS n FROM flows GROUP BY bytes)',
  )
  return {
    rows: Number(counts?.rows ?? 0),
    least: Number(counts?.least ?? 0),
    most: Number(counts?.most ?? 0),
  }
}

describe('netobserv-agent', () => {
  test('case 50: kills and stops while flows arrive lose and double no row', async () => {
    const [topic, ends, count] = ['killed', 10, 5000]
    await stage.observer.create(topic, { partitions: 6 })
    const weir = await weirOn(topic)
    const done = new AbortController()
    const sending = (async () => {
      let runs = 0
      for (; !done.signal.aborted; runs++)
        await exportFlows({
          to: ['kafka', stage.address, topic],
          count,
          seed: runs,
          batch: 50,
        })
      return runs
    })()
    const random = new SeededRandom(11)
    for (let end = 0; end < ends; end++) {
      const after = random.integer(1, 3000)
      await expect
        .poll(() => weir.metric('weir_bus_messages_total'), { ...patience, interval: 1 })
        .toBeGreaterThanOrEqual(after)
      if (end % 2 === 0) await weir.kill()
      else expect(await weir.stop()).toMatchObject({ code: 0 })
      await weir.start()
    }
    done.abort()
    const runs = await sending
    await expect.poll(() => stored(weir), patience).toMatchObject({ rows: runs * count })
    expect(await stored(weir)).toEqual({ rows: runs * count, least: runs, most: runs })
  }, 300_000)
})
