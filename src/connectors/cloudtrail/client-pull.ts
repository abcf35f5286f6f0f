/**
 * Pulls file notifications and returns the records of the files as messages. A notification is acknowledged when all
 * its records are.
 */
import { SqsPuller } from '../../messaging/aws-pull.ts'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { InMessage } from '../../codecs/bus-message/read.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { messageOf } from '../../model/errors.ts'
import { FileAway, FileUnfit, TrailFiles } from './client-files.ts'
import type { CloudtrailConfig, From } from './config.ts'
import { mapRecord } from './map.ts'
import { filesIn, hasRecords, type FileName } from './map-notice.ts'

/** A notification with the handles of its records. */
export interface Delivery {
  readonly receipt: string
  readonly message: InMessage
  /** Pulled records that are not acknowledged. */
  open: number
  /** Files that are not read yet. */
  files: number
  /** The notification is to be redelivered. */
  back: boolean
}

interface Waiting {
  readonly delivery: Delivery
  /** Undefined: the notification names no file. */
  readonly file: FileName | undefined
  /** Why the file is not fetched. */
  readonly unfit?: string
}

/** Concurrent downloads. */
const mostAtOnce = 4
/** Interval of repeated log messages. */
const repeatMs = 60_000

export class FilePuller implements Puller<Delivery> {
  readonly address: string
  readonly keepMs: number
  readonly #context: SourceContext
  readonly #queue: SqsPuller
  readonly #files: TrailFiles
  /** Announced and not fetched yet. */
  #waiting: Waiting[] = []
  #said = Number.NEGATIVE_INFINITY
  /** Result of each pulled message: an event, an error, or nothing. */
  readonly #meaning = new WeakMap<InMessage, WeirEvent | Error | 'nothing'>()

  constructor(config: CloudtrailConfig, from: From<'queue'>, context: SourceContext) {
    this.#context = context
    this.#queue = new SqsPuller({ ...config, ...from, requests: 1 }, context)
    this.#files = new TrailFiles(config, from, context.host)
    this.address = this.#queue.address
    this.keepMs = this.#queue.keepMs
  }

  /** Events of a pulled message. Throws the reason for a malformed record. */
  eventsOf(message: InMessage): readonly WeirEvent[] {
    const meaning = this.#meaning.get(message) ?? new Error('not a record of CloudTrail')
    if (meaning instanceof Error) throw meaning
    return meaning === 'nothing' ? [] : [meaning]
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<Delivery>[]> {
    if (this.#waiting.length === 0)
      for (const { message, handle } of await this.#queue.pull(signal))
        this.#waiting.push(...announced(message, handle))
    const some = this.#waiting.slice(0, mostAtOnce)
    const read = await Promise.allSettled(some.map((one) => this.#read(one, signal)))
    if (signal.aborted) return []
    const given: Pulled<Delivery>[] = []
    let away: Error | undefined
    for (const [at, result] of read.entries()) {
      const one = some[at]
      if (one === undefined || one.delivery.back) continue
      if (result.status === 'rejected') {
        away ??= result.reason instanceof Error ? result.reason : new Error(String(result.reason))
        // It is redelivered and does not block others.
        if (result.reason instanceof FileAway && result.reason.denied) {
          one.delivery.back = true
          this.#denied(result.reason.message)
        }
        continue
      }
      one.delivery.files--
      one.delivery.open += result.value.length
      this.#waiting.splice(this.#waiting.indexOf(one), 1)
      for (const message of result.value) given.push({ message, handle: one.delivery })
    }
    this.#waiting = this.#waiting.filter(({ delivery }) => !delivery.back)
    if (given.length === 0 && away !== undefined) throw away
    return given
  }

  async ack(handles: readonly Delivery[]): Promise<void> {
    const done: string[] = []
    for (const delivery of handles)
      if (--delivery.open === 0 && delivery.files === 0 && !delivery.back) done.push(delivery.receipt)
    if (done.length > 0) await this.#queue.ack(done)
  }

  async release(handles: readonly Delivery[]): Promise<void> {
    const fresh = [...new Set(handles)].filter(({ back }) => !back)
    for (const delivery of fresh) delivery.back = true
    this.#waiting = this.#waiting.filter(({ delivery }) => !delivery.back)
    if (fresh.length > 0) await this.#queue.release(fresh.map(({ receipt }) => receipt))
  }

  keep(handles: readonly Delivery[]): Promise<void> {
    const all = new Set([...handles, ...this.#waiting.map(({ delivery }) => delivery)])
    return this.#queue.keep([...all].flatMap(({ back, receipt }) => (back ? [] : [receipt])))
  }

  async close(): Promise<void> {
    // Messages that are not released reappear after the visibility timeout.
    await this.release(this.#waiting.map(({ delivery }) => delivery)).catch(() => undefined)
    this.#files.close()
    await this.#queue.close()
  }

  /** Counts each time, and logs at intervals. */
  #denied(problem: string): void {
    const {
      id,
      log,
      metrics,
      host: { clock },
    } = this.#context
    metrics.count('weir_cloudtrail_files_total', 1, { source: id, outcome: 'denied' })
    if (clock.monotonic() - this.#said < repeatMs) return
    this.#said = clock.monotonic()
    log.warn('Access to a trail file is denied; its message stays in the queue and is redelivered.', {
      source: id,
      problem,
    })
  }

  /** One message per record, at least one to acknowledge the file. Rejects with FileAway. */
  async #read({ delivery: { message }, file, unfit }: Waiting, signal: AbortSignal): Promise<readonly InMessage[]> {
    const count = (outcome: string): void => {
      this.#context.metrics.count('weir_cloudtrail_files_total', 1, { source: this.#context.id, outcome })
    }
    const alone = (meaning: Error | 'nothing', place = message.place): readonly InMessage[] => {
      const one = { ...message, place }
      this.#meaning.set(one, meaning)
      return [one]
    }
    if (unfit !== undefined) return alone(new Error(unfit))
    if (file === undefined) return alone('nothing')
    const place = `s3://${file.bucket}/${file.key}`
    if (!hasRecords(file)) {
      count('skipped')
      return alone('nothing')
    }
    try {
      const records = await this.#files.records(file, signal)
      count('read')
      return records.length === 0
        ? alone('nothing')
        : records.map((record, at) => this.#message(record, `${place}#${at}`, message))
    } catch (error) {
      if (!(error instanceof FileUnfit)) throw error
      count('rejected')
      return alone(error, place)
    }
  }

  #message(record: unknown, place: string, { time }: InMessage): InMessage {
    const event = mapRecord(record)
    const one: InMessage = {
      attributes: {},
      contentType: 'application/json',
      body: event?.data ?? Buffer.from(JSON.stringify(record)),
      place,
      time,
      key: undefined,
    }
    if (event !== undefined) this.#meaning.set(one, event)
    return one
  }
}

function announced(message: InMessage, receipt: string): Waiting[] {
  const delivery: Delivery = { receipt, message, open: 0, files: 1, back: false }
  try {
    const files = filesIn(message.body)
    delivery.files = Math.max(1, files.length)
    return files.length === 0 ? [{ delivery, file: undefined }] : files.map((file) => ({ delivery, file }))
  } catch (error) {
    return [{ delivery, file: undefined, unfit: messageOf(error) }]
  }
}
