import { WeirError } from '../../model/errors.ts'
import type { DeadLetter, DeadLetterAdmin, LetterPlace } from '../control.ts'
import type { DeadLetters, Letter } from './dead-letters.ts'
import { describeLetter } from './describe.ts'
import { editedBody } from './edit.ts'
import type { SinkSet } from './sinks.ts'

export interface LetterAt {
  readonly sink: string
  readonly letter: Letter
}

/** Where letters are, and who moves them on. */
export interface LetterBox {
  /** Those that wait, of all sinks where none is named. */
  waiting(sink: string | undefined): readonly LetterAt[]
  get(id: string, sink: string | undefined): readonly LetterAt[]
  /** All that are open when no ids are given. Answers how many moved. Throws WEIR_SINK_UNKNOWN. */
  move(sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number>
  /** Back to pending with another body, encoded. False: it does not wait any more. */
  retryAs(sink: string, id: string, body: Uint8Array): Promise<boolean>
  /** Throws WEIR_SINK_UNKNOWN. */
  check(sink: string): void
}

/** The dead letters of all sinks, as the API looks after them. */
export function deadLetterAdmin(box: LetterBox): DeadLetterAdmin {
  return {
    async list(sink, limit, bodies, after) {
      return box
        .waiting(sink)
        .filter(
          ({ sink: of, letter }) =>
            after === undefined || inOrder(after, { time: letter.time, sink: of, id: letter.id }) < 0,
        )
        .toSorted((a, b) =>
          inOrder(
            { time: a.letter.time, sink: a.sink, id: a.letter.id },
            { time: b.letter.time, sink: b.sink, id: b.letter.id },
          ),
        )
        .slice(0, limit)
        .map(({ sink: of, letter }): DeadLetter => describeLetter(of, letter, bodies))
    },
    async show(id, sink) {
      const found = box.get(id, sink)
      // Of a row that several sinks refused the one that waits is meant.
      const one = found.find(({ letter: { state } }) => state === 'open' || state === 'retrying') ?? found[0]
      return one === undefined ? undefined : describeLetter(one.sink, one.letter)
    },
    async edit(sink, id, body) {
      box.check(sink)
      const letter = box.get(id, sink)[0]?.letter
      return letter?.state === 'open' && box.retryAs(sink, id, editedBody(letter, body))
    },
    retry: (sink, ids) => box.move(sink, ids, 'retrying'),
    drop: (sink, ids) => box.move(sink, ids, 'dropped'),
  }
}

/** Those of the sinks that run here. */
export function lettersOf(sinks: Pick<SinkSet, 'all' | 'get'>): LetterBox {
  const deliveryOf = (sink: string): NonNullable<ReturnType<SinkSet['get']>> => {
    const delivery = sinks.get(sink)
    if (delivery === undefined) throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${sink}`)
    return delivery
  }
  const some = (sink: string | undefined): ReturnType<SinkSet['all']> =>
    sinks.all().filter(({ entry }) => sink === undefined || entry.id === sink)
  return {
    check: (sink) => {
      deliveryOf(sink)
    },
    waiting: (sink) =>
      some(sink).flatMap(({ entry, delivery }) =>
        delivery.letters.waiting().map((letter) => ({ sink: entry.id, letter })),
      ),
    get: (id, sink) =>
      some(sink).flatMap(({ entry, delivery }) => {
        const letter = delivery.letters.get(id)
        return letter === undefined ? [] : [{ sink: entry.id, letter }]
      }),
    async move(sink, ids, to) {
      const delivery = deliveryOf(sink)
      const moved = await delivery.letters.mark(ids ?? openIds(delivery.letters), to)
      if (to === 'retrying') delivery.nudge()
      return moved
    },
    async retryAs(sink, id, body) {
      const delivery = deliveryOf(sink)
      const moved = await delivery.letters.retryAs(id, body)
      delivery.nudge()
      return moved
    },
  }
}

export function openIds(letters: Pick<DeadLetters, 'all'>): readonly string[] {
  return letters
    .all()
    .filter(({ state }) => state === 'open')
    .map(({ id }) => id)
}

/** Newest first; those of the same time by sink and id, so that pages neither repeat nor leave out one. */
function inOrder(a: LetterPlace, b: LetterPlace): number {
  return b.time - a.time || byBytes(a.sink, b.sink) || byBytes(a.id, b.id)
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
