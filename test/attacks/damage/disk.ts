// Failed syncs by strace, and a full tmpfs.
import { appendFileSync, mkdirSync, unlinkSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext } from '../../../bench/harness.ts'
import { runCommand } from '../../../tools/kit/command.ts'
import { judgeDelivered, some } from '../../kit/delivered.ts'
import { EventClient } from '../../kit/event-client.ts'
import { EventReceiver } from '../../kit/event-receiver.ts'
import { prepareWeir, startWeir, type WeirProcess } from '../../kit/weir-process.ts'
import { install } from '../../real/install/apt.ts'
import { strace } from '../../real/install/strace.ts'
import { configFor } from './base.ts'

/** Mounts a small file system in memory; undefined without the right to. The function unmounts it. */
export async function mountTemporary(path: string, size: string): Promise<(() => Promise<void>) | undefined> {
  const mounted = await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'weir-acceptance', path], {
    limit: 10_000,
  })
  if (mounted.code !== 0) return undefined
  return async () => {
    await runCommand('umount', [path], { limit: 10_000 })
  }
}

export async function remountReadOnly(path: string): Promise<void> {
  const done = await runCommand('mount', ['-o', 'remount,ro', path], { limit: 10_000 })
  if (done.code !== 0) throw new Error(done.output)
}

/** Every acknowledged event is stored once and delivered, and the ledger balances. */
async function nothingLost(
  context: AcceptanceContext,
  what: string,
  weir: WeirProcess,
  client: EventClient,
  receiver: EventReceiver,
) {
  const ledger = await weir.caughtUp(60_000)
  const [counts] = await weir.sql<{ rows: number; ids: number }>(
    'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events',
  )
  // Below the reserve the oldest rows of the store make room.
  const removed = ledger.sinks.find(({ name }) => name === 'store')?.expired?.['disk'] ?? 0
  context.expect(
    (counts?.ids ?? 0) + removed === client.sent,
    `${what}: each of ${client.sent} acknowledged events is stored (${counts?.ids}) or counted as removed (${removed})`,
  )
  context.expect(counts?.rows === counts?.ids, `${what}: and stored once (${counts?.rows} rows)`)
  const { missing } = judgeDelivered(receiver.received, client.sent)
  context.expect(missing.length === 0, `${what}: and delivered (missing: ${some(missing)})`)
  context.expect(
    ledger.balanced,
    `${what}: the ledger is balanced${ledger.balanced ? '' : `: ${JSON.stringify(ledger)}`}`,
  )
  const refusals = [...client.refusals.keys()]
  context.expect(
    refusals.every((answer) => answer.startsWith('503')),
    `${what}: what could not be taken was answered 503 (${some(refusals)})`,
  )
}

export async function failedSync(context: AcceptanceContext): Promise<void> {
  const program = await install(strace)
  if (program.path === undefined) {
    context.figure('failed sync', `not shown with the real process: ${program.reason}`)
    return
  }
  // Counts are per thread: several threads sync, so some requests fail and some do not. Requests share a sync.
  for (const [what, fault] of [
    ['failed syncs of a segment', 'fdatasync:error=EIO:when=2..3'],
    ['failed writes to a segment', 'pwritev:error=EIO:when=3..4'],
  ] as const) {
    const folder = join(context.folder, what.replaceAll(' ', '-'))
    await using receiver = await EventReceiver.start()
    const segment = join(folder, 'data/journal/0000000000000001.seg')
    const options = [
      '-f',
      '-P',
      segment,
      '-e',
      'trace=fdatasync,pwritev',
      '-e',
      `inject=${fault}`,
      '-e',
      'signal=none',
      '-o',
      join(folder, 'trace'),
    ]
    mkdirSync(folder)
    await using weir = await startWeir({ folder, config: configFor(receiver.url), through: [program.path, ...options] })
    const client = new EventClient({ url: weir.url, connections: 4, batch: 10, pause: 5 })
    client.start()
    await sleep(context.size(4000, 2000))
    await client.stop()
    context.expect(
      client.refusals.size > 0,
      `${what}: some requests met one ` +
        `(${some([...client.refusals].map(([answer, times]) => `${times} × ${answer.slice(0, 120)}`))})`,
    )
    await nothingLost(context, what, weir, client, receiver)
    await weir.kill()
    await weir.start()
    await nothingLost(context, `${what}, after a kill`, weir, client, receiver)
  }
}

export async function fullDisk(context: AcceptanceContext): Promise<void> {
  const folder = join(context.folder, 'full')
  const disk = join(folder, 'disk')
  mkdirSync(disk, { recursive: true })
  const unmount = await mountTemporary(disk, '48m')
  if (unmount === undefined) {
    context.figure('full disk', 'not shown with the real process: nothing can be mounted here')
    return
  }
  const filler = join(disk, 'filler')
  const fill = (left: number) => {
    const { bavail, bsize } = statfsSync(disk)
    const more = bavail * bsize - left
    if (more > 0) appendFileSync(filler, Buffer.alloc(more))
  }
  try {
    await using receiver = await EventReceiver.start()
    for (const [what, reserve, left] of [
      ['a disk that is full down to the reserve', '8MiB', 9e6],
      ['a disk that is full to the last byte', '0B', 3e5],
    ] as const) {
      await using weir = await prepareWeir({
        folder: join(folder, reserve),
        data: join(disk, `data-${reserve}`),
        config: { ...configFor(receiver.url), journal: { segment: '256KiB', keep: '0B', reserve } },
      })
      await weir.start()
      receiver.received.length = 0
      const client = new EventClient({ url: weir.url, connections: 4, batch: 20, pause: 5, padding: 500 })
      client.start()
      await sleep(1000)
      // Sinks that advance release segments, so the free space is filled until a refusal.
      for (
        let waited = 0;
        waited < context.size(5000, 3000) || (client.refusals.size === 0 && waited < 30_000);
        waited += 250
      ) {
        if (client.refusals.size === 0) fill(left)
        await sleep(250)
      }
      const { bavail, bsize } = statfsSync(disk)
      context.expect(
        client.refusals.size > 0 || bavail * bsize < 4 * left,
        `${what}: requests are refused, or wait for room of ${bavail * bsize} bytes ` +
          `(${some([...client.refusals].map(([answer, times]) => `${times} × ${answer.slice(0, 160)}`))})`,
      )
      const pid = weir.pid
      await weir.kill()
      await weir
        .start()
        .catch((error: unknown) => context.expect(false, `${what}: it starts while the disk is full: ${String(error)}`))
      if (weir.pid === -1) {
        unlinkSync(filler)
        await weir.start()
      } else {
        context.expect(weir.pid !== pid, `${what}: it starts while the disk is full`)
        await sleep(1000)
        unlinkSync(filler)
      }
      await client.stop()
      await nothingLost(context, what, weir, client, receiver)
      await weir.stop()
    }
  } finally {
    await unmount()
  }
}
