import { SqsPuller } from '../../messaging/aws-pull.ts'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { InMessage } from '../../codecs/bus-message/read.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { messageOf } from '../../model/errors.ts'
import { FileUnavailableError, InvalidFileError, TrailFiles } from './client-files.ts'
import type { CloudtrailConfig, From } from './config.ts'
import { mapRecord } from './map.ts'
import { filesIn, hasRecords, type FileName } from './map-notice.ts'

interface Delivery {
  readonly receipt: string
  readonly message: InMessage
  open: number
  files: number
  redeliver: boolean
}

type AnnouncedFile = Readonly<{
  delivery: Delivery
  file: FileName | undefined
  invalid?: string
}>

const maxConcurrent = 4
const repeatMs = 60_000

export class FilePuller implements Puller<Delivery> {
  readonly address: string
  readonly keepMs: number
  readonly #context: SourceContext
  readonly #queue: SqsPuller
  readonly #files: TrailFiles
  #announced: AnnouncedFile[] = []
  #loggedAt = Number.NEGATIVE_INFINITY
  readonly #results = new WeakMap<InMessage, WeirEvent | Error | 'nothing'>()

  constructor(config: CloudtrailConfig, from: From<'queue'>, context: SourceContext) {
    this.#context = context
    this.#queue = new SqsPuller({ ...config, ...from, requests: 1 }, context)
    this.#files = new TrailFiles(config, from, context.host)
    this.address = this.#queue.address
    this.keepMs = this.#queue.keepMs
  }

  /** Throws the reason for a malformed record. */
  eventsOf(message: InMessage): readonly WeirEvent[] {
    const event = this.#results.get(message) ?? new Error('not a record of CloudTrail')
    if (event instanceof Error) throw event
    return event === 'nothing' ? [] : [event]
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<Delivery>[]> {
    if (this.#announced.length === 0)
      for (const { message, handle } of await this.#queue.pull(signal))
        this.#announced.push(...announced(message, handle))
    const nextFiles = this.#announced.slice(0, maxConcurrent)
    const read = await Promise.allSettled(nextFiles.map((one) => this.#read(one, signal)))
    if (signal.aborted) return []
    const records: Pulled<Delivery>[] = []
    let unavailable: Error | undefined
    for (const [at, result] of read.entries()) {
      const announcedFile = nextFiles[at]
      if (announcedFile === undefined || announcedFile.delivery.redeliver) continue
      if (result.status === 'rejected') {
        unavailable ??= result.reason instanceof Error ? result.reason : new Error(String(result.reason))
        if (result.reason instanceof FileUnavailableError && result.reason.denied) {
          announcedFile.delivery.redeliver = true
          this.#denied(result.reason.message)
        }
        continue
      }
      announcedFile.delivery.files--
      announcedFile.delivery.open += result.value.length
      this.#announced.splice(this.#announced.indexOf(announcedFile), 1)
      for (const message of result.value) records.push({ message, handle: announcedFile.delivery })
    }
    this.#announced = this.#announced.filter(({ delivery }) => !delivery.redeliver)
    if (records.length === 0 && unavailable !== undefined) throw unavailable
    return records
  }

  async ack(handles: readonly Delivery[]): Promise<void> {
    const doneReceipts: string[] = []
    for (const delivery of handles)
      if (--delivery.open === 0 && delivery.files === 0 && !delivery.redeliver) doneReceipts.push(delivery.receipt)
    if (doneReceipts.length > 0) await this.#queue.ack(doneReceipts)
  }

  async release(handles: readonly Delivery[]): Promise<void> {
    const newlyReleased = [...new Set(handles)].filter(({ redeliver }) => !redeliver)
    for (const delivery of newlyReleased) delivery.redeliver = true
    this.#announced = this.#announced.filter(({ delivery }) => !delivery.redeliver)
    if (newlyReleased.length > 0) await this.#queue.release(newlyReleased.map(({ receipt }) => receipt))
  }

  keep(handles: readonly Delivery[]): Promise<void> {
    const all = new Set([...handles, ...this.#announced.map(({ delivery }) => delivery)])
    return this.#queue.keep([...all].flatMap(({ redeliver, receipt }) => (redeliver ? [] : [receipt])))
  }

  async close(): Promise<void> {
    await this.release(this.#announced.map(({ delivery }) => delivery)).catch(() => undefined)
    this.#files.close()
    await this.#queue.close()
  }

  #denied(problem: string) {
    const {
      id,
      log,
      metrics,
      host: { clock },
    } = this.#context
    metrics.count('weir_cloudtrail_files_total', 1, { source: id, outcome: 'denied' })
    if (clock.monotonic() - this.#loggedAt < repeatMs) return
    this.#loggedAt = clock.monotonic()
    log.warn('Access to a trail file is denied; its message stays in the queue and is redelivered.', {
      source: id,
      problem,
    })
  }

  /** Messages of a file: at least one, to acknowledge the file. Rejects with FileUnavailableError. */
  async #read(
    { delivery: { message }, file, invalid }: AnnouncedFile,
    signal: AbortSignal,
  ): Promise<readonly InMessage[]> {
    const count = (outcome: string) => {
      this.#context.metrics.count('weir_cloudtrail_files_total', 1, { source: this.#context.id, outcome })
    }
    const oneMessage = (result: Error | 'nothing', position = message.place): readonly InMessage[] => {
      const placedMessage = { ...message, place: position }
      this.#results.set(placedMessage, result)
      return [placedMessage]
    }
    if (invalid !== undefined) return oneMessage(new Error(invalid))
    if (file === undefined) return oneMessage('nothing')
    const place = `s3://${file.bucket}/${file.key}`
    if (!hasRecords(file)) {
      count('skipped')
      return oneMessage('nothing')
    }
    try {
      const records = await this.#files.records(file, signal)
      count('read')
      return records.length === 0
        ? oneMessage('nothing')
        : records.map((record, at) => this.#message(record, `${place}#${at}`, message))
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error
      count('rejected')
      return oneMessage(error, place)
    }
  }

  #message(record: unknown, position: string, { time }: InMessage): InMessage {
    const event = mapRecord(record)
    const recordMessage: InMessage = {
      attributes: {},
      contentType: 'application/json',
      body: event?.data ?? Buffer.from(JSON.stringify(record)),
      place: position,
      time,
      key: undefined,
    }
    if (event !== undefined) this.#results.set(recordMessage, event)
    return recordMessage
  }
}

function announced(message: InMessage, receipt: string): AnnouncedFile[] {
  const delivery: Delivery = { receipt, message, open: 0, files: 1, redeliver: false }
  try {
    const files = filesIn(message.body)
    delivery.files = Math.max(1, files.length)
    return files.length === 0 ? [{ delivery, file: undefined }] : files.map((file) => ({ delivery, file }))
  } catch (error) {
    return [{ delivery, file: undefined, invalid: messageOf(error) }]
  }
}
