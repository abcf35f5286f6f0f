import type { Host } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { recordFiles } from './record-store.ts'
import { followFolder } from '../follower.ts'
import { FormerSinks } from './former-sinks.ts'
import type { Log, Metrics } from '../contracts.ts'

export async function forgetSink({
  host,
  data,
  id,
  log,
  metrics,
}: {
  host: Host
  data: string
  id: string
  log: Log
  metrics: Metrics
}): Promise<number> {
  const directory = `${data}/journal`
  const records = recordFiles(host, directory)
  const offsets = await records.all()
  const storedRecord = offsets.find(({ sink }) => sink === id)
  if (storedRecord === undefined || storedRecord.record.removed === true)
    throw new WeirError('WEIR_SINK_UNKNOWN', `no removed sink ${id} has pending rows in ${data}`)
  const accepted = offsets.map((offset) => offset.accepted)
  const { follower, tail } = await followFolder({ host, directory, accepted })
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
