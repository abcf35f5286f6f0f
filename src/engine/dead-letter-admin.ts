import { WeirError } from '../model/errors.ts'
import type { DeadLetter, DeadLetterAdmin, LetterPlace } from './control.ts'
import { describeLetter } from './delivery/describe.ts'
import { editedBody } from './delivery/edit.ts'
import type { SinkSet } from './sinks.ts'

/** The dead letters of all sinks, as the API looks after them. */
export function deadLetterAdmin(sinks: SinkSet): DeadLetterAdmin {
  const deliveryOf = (sink: string): NonNullable<ReturnType<SinkSet['get']>> => {
    const delivery = sinks.get(sink)
    if (delivery === undefined) throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${sink}`)
    return delivery
  }
  const move = async (sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number> => {
    const delivery = deliveryOf(sink)
    const chosen = ids ?? delivery.letters.all().filter((letter) => letter.state === 'open').map((letter) => letter.id)
    const moved = await delivery.letters.mark(chosen, to)
    if (to === 'retrying') delivery.nudge()
    return moved
  }
  return {
    async list(sink, limit, bodies, after) {
      return sinks.all()
        .filter(({ entry }) => sink === undefined || entry.id === sink)
        .flatMap(({ entry, delivery }) => delivery.letters.waiting().map((letter) => ({ of: entry.id, letter })))
        .filter(({ of, letter }) => after === undefined || inOrder(after, { time: letter.time, sink: of, id: letter.id }) < 0)
        .sort((a, b) => inOrder({ time: a.letter.time, sink: a.of, id: a.letter.id }, { time: b.letter.time, sink: b.of, id: b.letter.id }))
        .slice(0, limit)
        .map(({ of, letter }): DeadLetter => describeLetter(of, letter, bodies))
    },
    async show(id, sink) {
      const found = sinks.all().filter(({ entry }) => sink === undefined || entry.id === sink).flatMap(({ entry, delivery }) => {
        const letter = delivery.letters.get(id)
        return letter === undefined ? [] : [describeLetter(entry.id, letter)]
      })
      // Of a row that several sinks refused the one that waits is meant.
      return found.find(({ state }) => state === 'open' || state === 'retrying') ?? found[0]
    },
    async edit(sink, id, body) {
      const delivery = deliveryOf(sink)
      const letter = delivery.letters.get(id)
      if (letter?.state !== 'open') return false
      const moved = await delivery.letters.retryAs(id, editedBody(letter, body))
      delivery.nudge()
      return moved
    },
    retry: (sink, ids) => move(sink, ids, 'retrying'),
    drop: (sink, ids) => move(sink, ids, 'dropped'),
  }
}

/** Newest first; those of the same time by sink and id, so that pages neither repeat nor leave out one. */
function inOrder(a: LetterPlace, b: LetterPlace): number {
  return b.time - a.time || byBytes(a.sink, b.sink) || byBytes(a.id, b.id)
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
