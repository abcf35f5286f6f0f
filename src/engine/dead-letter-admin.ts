import { WeirError } from '../model/errors.ts'
import type { DeadLetter, DeadLetterAdmin } from './control.ts'
import { describeLetter } from './delivery/describe.ts'
import type { SinkSet } from './sinks.ts'

/** The dead letters of all sinks, as the API looks after them. */
export function deadLetterAdmin(sinks: SinkSet): DeadLetterAdmin {
  const describe = (sink: string, letter: Parameters<typeof describeLetter>[1]): DeadLetter => describeLetter(sink, letter)
  const move = async (sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number> => {
    const delivery = sinks.get(sink)
    if (delivery === undefined) throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${sink}`)
    const chosen = ids ?? delivery.letters.all().filter((letter) => letter.state === 'open').map((letter) => letter.id)
    const moved = await delivery.letters.mark(chosen, to)
    if (to === 'retrying') delivery.nudge()
    return moved
  }
  return {
    async list(sink, limit) {
      return sinks.all()
        .filter(({ entry }) => sink === undefined || entry.id === sink)
        .flatMap(({ entry, delivery }) => delivery.letters.waiting().map((letter) => describe(entry.id, letter)))
        .slice(0, limit)
    },
    async show(id) {
      for (const { entry, delivery } of sinks.all()) {
        const letter = delivery.letters.get(id)
        if (letter !== undefined && (letter.state === 'open' || letter.state === 'retrying')) return describe(entry.id, letter)
      }
      return undefined
    },
    retry: (sink, ids) => move(sink, ids, 'retrying'),
    drop: (sink, ids) => move(sink, ids, 'dropped'),
  }
}
