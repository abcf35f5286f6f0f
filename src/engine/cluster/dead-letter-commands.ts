/** Only the deliverer of a partition changes dead letters; other instances write a command and read the result. */
import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import { WeirError } from '../../model/errors.ts'
import { openIds, type DeadLetterStore } from '../delivery/dead-letter-admin.ts'
import type { Log } from '../contracts.ts'
import type { SinkSet } from '../delivery/sinks.ts'
import { deadLettersIn, type SharedDeadLetter } from './shared-dead-letters.ts'
import { keys, commandKeys } from './names.ts'
import { begun } from './sink-progress.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'

type Command = Readonly<{
  /** Increases with each command of an instance for a sink and partition. */
  number: number
  to: 'retrying' | 'dropped'
  ids?: readonly string[]
  /** The edited body as Base64; only with exactly one id. */
  body?: string
}>

type CommandResult = Readonly<{
  number: number
  moved: number
}>

const [maxIds, maxBody] = [1000, 480 * 1024]
const [timeoutMs, pollMs] = [10_000, 1000]

type CommandHandlerOptions = Readonly<{
  records: SharedRecords
  writer: RetryingWriter
  partition: number
  sinks: Pick<SinkSet, 'get'>
  host: Host
  log: Log
  signal: AbortSignal
}>

export async function runCommands(parts: CommandHandlerOptions): Promise<void> {
  const { records, host, log, partition, signal } = parts
  // Numbers of finished commands by key: reads of records lag behind writes.
  const doneNumbers = new Map<string, number>()
  for (let seenVersion = -1; !signal.aborted;) {
    const sleepAbort = new AbortController()
    const anySignal = AbortSignal.any([signal, sleepAbort.signal])
    await Promise.race([
      host.timers.sleep(pollMs, anySignal),
      records.until(() => records.version(commandKeys) !== seenVersion, anySignal),
    ])
    sleepAbort.abort()
    seenVersion = records.version(commandKeys)
    try {
      await runPending(parts, doneNumbers)
    } catch (error) {
      if (!signal.aborted)
        log.warn('Running dead-letter commands failed; retrying.', {
          partition,
          error: String(error),
        })
    }
  }
}

async function runPending({ records, writer, partition, sinks }: CommandHandlerOptions, done: Map<string, number>) {
  for (const {
    name,
    value: { number, to, ids, body },
  } of records.under<Command>(keys.commands(partition))) {
    const [sink = '', instance = ''] = name.split('/', 2)
    const key = keys.commandResult(partition, sink, instance)
    const delivery = sinks.get(sink)
    if (delivery === undefined || number <= (done.get(key) ?? records.get<CommandResult>(key)?.number ?? 0)) continue
    const { deadLetters: letters } = delivery
    const movedCount =
      body === undefined
        ? await letters.mark(ids ?? openIds(letters), to)
        : Number(await letters.retryAs(ids?.[0] ?? '', Buffer.from(body, 'base64')))
    done.set(key, number)
    if (to === 'retrying') delivery.nudge()
    await writeRecord(writer, key, { number, moved: movedCount } satisfies CommandResult)
  }
}

export class SharedDeadLetters implements DeadLetterStore {
  readonly #options: Readonly<{ bus: JournalBus; records: SharedRecords; instance: string; host: Host; log: Log }>
  #writer: Promise<RetryingWriter> | undefined
  readonly #inFlight = new Map<string, Promise<number>>()
  readonly #numbers = new Map<string, number>()

  constructor(options: Readonly<{ bus: JournalBus; records: SharedRecords; instance: string; host: Host; log: Log }>) {
    this.#options = options
  }

  check(sink: string): void {
    const { bus, records } = this.#options
    for (let partition = 0; partition < bus.partitions; partition++) if (begun(records, sink, partition)) return
    throw new WeirError('WEIR_SINK_UNKNOWN', `unknown sink ${sink}`)
  }

  waiting(sink: string | undefined): readonly SharedDeadLetter[] {
    return this.#of(sink).filter(({ letter: { state } }) => state === 'open' || state === 'retrying')
  }

  get(id: string, sink: string | undefined): readonly SharedDeadLetter[] {
    return this.#of(sink).filter(({ letter }) => letter.id === id)
  }

  async move(sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number> {
    this.check(sink)
    const wantedIds = ids === undefined ? undefined : new Set(ids)
    const chosenLetters = Map.groupBy(
      this.waiting(sink).filter(({ letter: { id } }) => wantedIds?.has(id) ?? true),
      ({ partition }) => partition,
    )
    const movedCounts = await Promise.all(
      Array.from(chosenLetters, async ([partition, letters]) => {
        if (wantedIds === undefined) return this.#send(partition, sink, { to })
        let sum = 0
        for (let at = 0; at < letters.length; at += maxIds)
          sum += await this.#send(partition, sink, {
            to,
            ids: letters.slice(at, at + maxIds).map(({ letter: { id } }) => id),
          })
        return sum
      }),
    )
    return movedCounts.reduce((sum, count) => sum + count, 0)
  }

  async retryAs(sink: string, id: string, bytes: Uint8Array): Promise<boolean> {
    const [letter] = this.get(id, sink)
    const body = Buffer.from(bytes).toString('base64')
    if (body.length > maxBody)
      throw new WeirError(
        'WEIR_DEAD_LETTER_EDIT',
        `The stored row has ${bytes.length} bytes; in a shared journal ` +
          `rows of up to ${(maxBody / 4) * 3} bytes can be edited.`,
      )
    return letter !== undefined && (await this.#send(letter.partition, sink, { to: 'retrying', ids: [id], body })) > 0
  }

  async close(): Promise<void> {
    await (await this.#writer?.catch(() => undefined))?.close(0)
  }

  #of(sink: string | undefined): readonly SharedDeadLetter[] {
    const { records } = this.#options
    return deadLettersIn(records).filter(
      ({ sink: of, partition }) => (sink === undefined || of === sink) && begun(records, of, partition),
    )
  }

  #send(partition: number, sink: string, command: Omit<Command, 'number'>): Promise<number> {
    const name = `${partition}/${sink}`
    const before = this.#inFlight.get(name)?.catch(() => 0) ?? Promise.resolve(0)
    const sent = before.then(() => this.#sendNow(partition, sink, command))
    this.#inFlight.set(name, sent)
    return sent
  }

  async #sendNow(partition: number, sink: string, command: Omit<Command, 'number'>): Promise<number> {
    const { records, instance, host } = this.#options
    const [key, doneKey] = [keys.command(partition, sink, instance), keys.commandResult(partition, sink, instance)]
    const timeoutAbort = new AbortController()
    const timer = host.timers.after(timeoutMs, () => {
      timeoutAbort.abort()
    })
    const tooLate = new Promise<never>((_, reject) => {
      timeoutAbort.signal.addEventListener('abort', () => {
        reject(
          new WeirError(
            'WEIR_SINK_UNREACHABLE',
            `no deliverer of partition ${partition} responded for sink ${sink} within ${timeoutMs / 1000} s; ` +
              'check the dead letters and retry',
          ),
        )
      })
    })
    try {
      const writer = await Promise.race([this.#open(key), tooLate])
      const number =
        Math.max(
          this.#numbers.get(key) ?? 0,
          records.get<Command>(key)?.number ?? 0,
          records.get<CommandResult>(doneKey)?.number ?? 0,
        ) + 1
      this.#numbers.set(key, number)
      await Promise.race([writeRecord(writer, key, { number, ...command } satisfies Command), tooLate])
      const readResult = () => records.get<CommandResult>(doneKey)
      await Promise.race([records.until(() => (readResult()?.number ?? 0) >= number, timeoutAbort.signal), tooLate])
      return readResult()?.moved ?? 0
    } finally {
      timer.cancel()
    }
  }

  /** An earlier process may have written under this instance name. */
  async #open(key: string): Promise<RetryingWriter> {
    const { bus, records, instance, host, log } = this.#options
    const retryingWriter = await this.#writer?.catch(() => undefined)
    if (retryingWriter !== undefined && retryingWriter.ended === undefined) return retryingWriter
    const name = `commands/${instance}`
    const opening = bus.claim(name).then((writer) => new RetryingWriter({ writer, name, host, log }))
    this.#writer = opening
    const writer = await opening
    await writer.fence('records', key)
    await records.sync(new AbortController().signal)
    return writer
  }
}
