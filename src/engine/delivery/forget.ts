import type { Host } from '../../host/index.ts'
import { listSegments } from '../../journal/recover.ts'
import { LocalTail } from '../../journal/tail.ts'
import { WeirError } from '../../model/errors.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { recordFiles } from './record-store.ts'
import { Follower } from '../follower.ts'
import { FormerSinks } from './former-sinks.ts'
import type { Log, Metrics } from '../contracts.ts'

export async function forgetSink({
  host,
  data,
  id,
  log,
  metrics,
}: Readonly<{ host: Host; data: string; id: string; log: Log; metrics: Metrics }>): Promise<number> {
  const directory = `${data}/journal`
  const records = recordFiles(host, directory)
  const offsets = await records.all()
  const found = offsets.find(({ sink }) => sink === id)
  if (found === undefined || found.record.removed === true)
    throw new WeirError('WEIR_SINK_UNKNOWN', `no removed sink ${id} has pending rows in ${data}`)
  const last = (await listSegments(host.disk, directory)).at(-1)
  const tail = new LocalTail()
  tail.publish({ segment: last?.name ?? '', offset: last?.bytes ?? 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 })
  const accepted = new Map<string, number>()
  for (const { accepted: rows } of offsets)
    for (const [source, count] of Object.entries(rows)) accepted.set(source, Math.max(accepted.get(source) ?? 0, count))
  const follower = new Follower({ host, directory, tail, after: { sequence: 0, row: 0 }, accepted })
  const former = new FormerSinks({
    host,
    log,
    metrics,
    directory,
    tail,
    follower,
    records,
    deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
  })
  try {
    await former.leave(id)
    return (await former.forget(id)) ?? 0
  } finally {
    await former.close()
    await follower.close()
  }
}
