/** Dead letters of a journal that many share: small records, a body that is too large for one beside its letter in parts. A settled letter stays without its body, for the books. */
import type { Host } from '../../host/index.ts'
import type { DeadLetters, Letter, LetterLine, LetterLog, LetterState } from '../delivery/dead-letters.ts'
import type { SinkRecord } from '../delivery/tally.ts'
import { keys } from './names.ts'
import type { SharedRecords } from './records.ts'
import type { SteadyWriter } from './steady-writer.ts'

interface LetterRecord extends Letter {
  /** Records that its body is in; 0: it is here. */
  readonly parts: number
}

export interface SharedLetter {
  readonly partition: number
  readonly sink: string
  readonly letter: Letter
}

/** Characters of base64: a record of a bus has 512 KiB and a little. */
const partSize = 384 * 1024
const againMs = 500

/** The letters of all, or of what a key begins with (`<partition>/<sink>/`). One whose body has not come by yet is left out. */
export function lettersIn(records: SharedRecords, of = ''): readonly SharedLetter[] {
  return records.under<LetterRecord>(keys.letter(of)).flatMap(({ name, value: { parts, ...letter } }) => {
    const key = `${of}${name}`
    const [partition = '', sink = ''] = key.split('/', 2)
    const bodies = Array.from({ length: parts }, (_, part) => records.get<string>(keys.letterBody(key, part)))
    return bodies.includes(undefined)
      ? []
      : [{ partition: Number(partition), sink, letter: parts === 0 ? letter : { ...letter, body: bodies.join('') } }]
  })
}

/** Letters of one sink in one partition, kept by whoever delivers it. */
export function sharedLetters({
  records,
  writer,
  host,
  partition,
  sink,
}: {
  readonly records: SharedRecords
  readonly writer: SteadyWriter
  readonly host: Host
  readonly partition: number
  readonly sink: string
}): LetterLog {
  const prefix = `${partition}/${sink}/`
  return {
    async lines() {
      // What was written by the one before us, here or elsewhere, comes by a moment later.
      while (
        !(await records.sync(new AbortController().signal).then(
          () => true,
          () => false,
        ))
      )
        await host.timers.sleep(againMs)
      return lettersIn(records, prefix).flatMap(({ letter: { state, ...letter } }): LetterLine[] => [
        { letter },
        ...(state === 'open' ? [] : [{ mark: state, id: letter.id, time: letter.time }]),
      ])
    },
    async write(lines, letters) {
      const [bodies, heads]: [{ key: string; value: Uint8Array }[], { key: string; value: Uint8Array }[]] = [[], []]
      for (const [at, line] of lines.entries()) {
        const letter = letters[at]
        const of = `${prefix}${'letter' in line ? line.letter.id : line.id}`
        const settled = letter === undefined || letter.state === 'delivered' || letter.state === 'dropped'
        const needed =
          letter === undefined || letter.body.length <= partSize ? 0 : Math.ceil(letter.body.length / partSize)
        const parts = settled ? 0 : needed
        for (let part = 0; part < parts; part++)
          bodies.push({
            key: keys.letterBody(of, part),
            value: json(letter?.body.slice(part * partSize, (part + 1) * partSize)),
          })
        heads.push({
          key: keys.letter(of),
          value:
            letter === undefined
              ? nothing
              : json({ ...letter, body: settled || parts > 0 ? '' : letter.body, parts } satisfies LetterRecord),
        })
        // Parts of before that nobody needs any more; the newest may not have come by yet.
        for (let part = parts; part < needed || records.get(keys.letterBody(of, part)) !== undefined; part++)
          heads.push({ key: keys.letterBody(of, part), value: nothing })
      }
      // A letter is there when all of it is.
      if (bodies.length > 0) await writer.write('records', bodies)
      await writer.write('records', heads)
    },
    close: () => Promise.resolve(),
  }
}

/** How many letters of each sink are in which state, as its books need them: those that its place covers. */
export function letterCounts(records: SharedRecords): (sink: string) => Pick<DeadLetters, 'count'> {
  const counts = new Map<string, number>()
  const count = (sink: string, state: LetterState, source = ''): string => `${sink} ${state} ${source}`
  for (const { name, value: letter } of records.under<LetterRecord>(keys.letter(''))) {
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
