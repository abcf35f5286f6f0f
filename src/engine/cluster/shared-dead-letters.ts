/** Large bodies are split. A settled dead letter stays without its body, for the ledger. */
import type { Host } from '../../host/index.ts'
import type {
  DeadLetters,
  StoredDeadLetter,
  DeadLetterLine,
  DeadLetterLog,
  DeadLetterState,
} from '../delivery/dead-letters.ts'
import type { SinkRecord } from '../delivery/tally.ts'
import { keys } from './names.ts'
import type { SharedRecords } from './records.ts'
import type { RetryingWriter } from './retrying-writer.ts'

interface DeadLetterRecord extends StoredDeadLetter {
  /** Records of the body; 0: inline. */
  readonly parts: number
}

export type SharedDeadLetter = Readonly<{
  partition: number
  sink: string
  letter: StoredDeadLetter
}>

/** Base64 characters; a record has little over 512 KiB. */
const partSize = 384 * 1024
const retryMs = 500

/** `of`: prefix `<partition>/<sink>/`. Omits dead letters with an incomplete body. */
export function deadLettersIn(records: SharedRecords, of = ''): readonly SharedDeadLetter[] {
  return records.under<DeadLetterRecord>(keys.deadLetter(of)).flatMap(({ name, value: { parts, ...letter } }) => {
    const key = `${of}${name}`
    const [partition = '', sink = ''] = key.split('/', 2)
    const bodies = Array.from({ length: parts }, (_, part) => records.get<string>(keys.deadLetterBody(key, part)))
    return bodies.includes(undefined)
      ? []
      : [{ partition: Number(partition), sink, letter: parts === 0 ? letter : { ...letter, body: bodies.join('') } }]
  })
}

export function sharedDeadLetterLog({
  records,
  writer,
  host,
  partition,
  sink,
}: {
  records: SharedRecords
  writer: RetryingWriter
  host: Host
  partition: number
  sink: string
}): DeadLetterLog {
  const prefix = `${partition}/${sink}/`
  return {
    async lines() {
      // Reads lag behind the previous deliverer's writes.
      while (
        !(await records.sync(new AbortController().signal).then(
          () => true,
          () => false,
        ))
      )
        await host.timers.sleep(retryMs)
      return deadLettersIn(records, prefix).flatMap(({ letter: { state, ...letter } }): DeadLetterLine[] => [
        { letter },
        ...(state === 'open' ? [] : [{ mark: state, id: letter.id, time: letter.time }]),
      ])
    },
    async write(lines, letters) {
      const [bodies, entries]: [{ key: string; value: Uint8Array }[], { key: string; value: Uint8Array }[]] = [[], []]
      for (const [at, line] of lines.entries()) {
        const letter = letters[at]
        const of = `${prefix}${'letter' in line ? line.letter.id : line.id}`
        const settled = letter === undefined || letter.state === 'delivered' || letter.state === 'dropped'
        const needed =
          letter === undefined || letter.body.length <= partSize ? 0 : Math.ceil(letter.body.length / partSize)
        const parts = settled ? 0 : needed
        for (let part = 0; part < parts; part++)
          bodies.push({
            key: keys.deadLetterBody(of, part),
            value: json(letter?.body.slice(part * partSize, (part + 1) * partSize)),
          })
        entries.push({
          key: keys.deadLetter(of),
          value:
            letter === undefined
              ? nothing
              : json({ ...letter, body: settled || parts > 0 ? '' : letter.body, parts } satisfies DeadLetterRecord),
        })
        // Tombstones for parts of a longer body.
        for (let part = parts; part < needed || records.get(keys.deadLetterBody(of, part)) !== undefined; part++)
          entries.push({ key: keys.deadLetterBody(of, part), value: nothing })
      }
      // Bodies first, so that readers find every dead letter complete.
      if (bodies.length > 0) await writer.write('records', bodies)
      await writer.write('records', entries)
    },
    close: () => Promise.resolve(),
  }
}

export function deadLetterCounts(records: SharedRecords): (sink: string) => Pick<DeadLetters, 'count'> {
  const counts = new Map<string, number>()
  const count = (sink: string, state: DeadLetterState, source = '') => `${sink} ${state} ${source}`
  for (const { name, value: letter } of records.under<DeadLetterRecord>(keys.deadLetter(''))) {
    const [partition = '', sink = ''] = name.split('/', 2)
    if (letter.sequence > (records.get<SinkRecord>(keys.sink(Number(partition), sink))?.position.sequence ?? 0))
      continue
    const key = count(sink, letter.state, letter.source)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return (sink) => ({ count: (state, source) => counts.get(count(sink, state, source)) ?? 0 })
}

const nothing = new Uint8Array(0)

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
