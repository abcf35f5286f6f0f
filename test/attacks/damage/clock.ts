import { writeFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext } from '../../../bench/harness.ts'
import { judgeDelivered, some } from '../../kit/delivered.ts'
import { EventClient } from '../../kit/event-client.ts'
import { EventReceiver } from '../../kit/event-receiver.ts'
import { startWeir } from '../../kit/weir-process.ts'
import { configFor } from './base.ts'

const hour = 3_600_000

export async function clockJump(context: AcceptanceContext): Promise<void> {
  const folder = join(context.folder, 'clock')
  mkdirSync(folder)
  const file = join(folder, 'shift')
  const set = (ms: number) => {
    writeFileSync(`${file}.new`, String(ms))
    renameSync(`${file}.new`, file)
  }
  set(0)
  await using receiver = await EventReceiver.start()
  await using weir = await startWeir({
    folder,
    config: configFor(receiver.url),
    env: { CLOCK_SHIFT_FILE: file },
    nodeArgs: ['--import', new URL('../../kit/clock-shift.ts', import.meta.url).href],
  })
  const client = new EventClient({ url: weir.url, connections: 2, batch: 10, pause: 10 })
  client.start()
  for (const shift of [26 * hour, -30 * hour, 0, -2 * hour]) {
    await sleep(1500)
    set(shift)
  }
  await sleep(1500)
  await weir.kill()
  set(-3 * hour)
  await weir.start()
  await sleep(1000)
  await client.stop()
  const ledger = await weir.caughtUp(60_000)
  const [counts] = await weir.sql<{ rows: number; ids: number; span: number }>(
    "SELECT count(*) AS rows, count(DISTINCT id) AS ids, date_diff('hour', min(time_received), " +
      'max(time_received)) AS span FROM events',
  )
  context.expect(
    (counts?.span ?? 0) > 50,
    `clock jumps: the clock was seen to jump (${counts?.span} hours between the first and the last row)`,
  )
  context.expect(
    counts?.rows === client.sent && counts.ids === client.sent,
    `clock jumps: each of ${client.sent} acknowledged events is stored once (${counts?.rows} rows, ${counts?.ids} ids)`,
  )
  const dropped = ledger.sinks.find(({ name }) => name === 'out')?.dropped['behind'] ?? 0
  const { missing } = judgeDelivered(receiver.received, client.sent)
  context.expect(
    missing.length === 0,
    `clock jumps: the sink got every event (missing: ${some(missing)}; dropped as behind: ${dropped})`,
  )
  context.expect(ledger.balanced, 'clock jumps: the ledger is balanced')
  context.expect((await weir.stop()).code === 0, 'clock jumps: it stops with exit code 0')
}
