import { WeirError } from '../../model/errors.ts'
import type { DeadLetterAdmin, DeadLetterChoice, DeadLetterPosition, DeadLetterReason } from '../control.ts'
import type { DeadLetters, StoredDeadLetter } from './dead-letters.ts'
import { describeDeadLetter } from './describe.ts'
import { editedBody } from './edit.ts'
import type { SinkSet } from './sinks.ts'

type SinkDeadLetter = Readonly<{
  sink: string
  letter: StoredDeadLetter
}>

export interface DeadLetterStore {
  waiting(sink: string | undefined): readonly SinkDeadLetter[]
  get(id: string, sink: string | undefined): readonly SinkDeadLetter[]
  /** Default: all open ones. */
  move(sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number>
  /** Redrives with another encoded body. False if already settled. */
  retryAs(sink: string, id: string, body: Uint8Array): Promise<boolean>
  check(sink: string): void
}

export function deadLetterAdmin(store: DeadLetterStore): DeadLetterAdmin {
  return {
    async list({ sink, reason }, limit, bodies, after) {
      return store
        .waiting(sink)
        .filter(
          ({ sink: of, letter }) =>
            (reason === undefined || letter.reason === reason) &&
            (after === undefined || inOrder(after, { time: letter.time, sink: of, id: letter.id }) < 0),
        )
        .toSorted((a, b) =>
          inOrder(
            { time: a.letter.time, sink: a.sink, id: a.letter.id },
            { time: b.letter.time, sink: b.sink, id: b.letter.id },
          ),
        )
        .slice(0, limit)
        .map(({ sink: of, letter }) => describeDeadLetter(of, letter, bodies ? 'with body' : 'without body'))
    },
    async show(id, sink) {
      const results = store.get(id, sink)
      const chosen = results.find(({ letter: { state } }) => state === 'open' || state === 'retrying') ?? results[0]
      return chosen === undefined ? undefined : describeDeadLetter(chosen.sink, chosen.letter)
    },
    async edit(sink, id, body) {
      store.check(sink)
      const letter = store.get(id, sink)[0]?.letter
      return letter?.state === 'open' && store.retryAs(sink, id, editedBody(letter, body))
    },
    async reasons(sink, limit) {
      return reasonsOf(store.waiting(sink)).slice(0, limit)
    },
    retry: (sink, choice) => store.move(sink, chosenIds(store, sink, choice), 'retrying'),
    drop: (sink, choice) => store.move(sink, chosenIds(store, sink, choice), 'dropped'),
  }
}

function reasonsOf(letters: readonly SinkDeadLetter[]): readonly DeadLetterReason[] {
  const groups = Map.groupBy(letters, ({ sink, letter: { reason } }) => `${sink}/${reason}`)
  return Array.from(groups.values(), (group) => {
    const { sink, letter } = group[0]!
    let [open, oldest, newest] = [0, letter.time, letter.time]
    for (const {
      letter: { state, time },
    } of group) {
      if (state === 'open') open++
      oldest = Math.min(oldest, time)
      newest = Math.max(newest, time)
    }
    return { sink, reason: letter.reason, open, retrying: group.length - open, oldest, newest }
  }).toSorted(
    (a, b) => b.open + b.retrying - a.open - a.retrying || byBytes(a.sink, b.sink) || byBytes(a.reason, b.reason),
  )
}

/** Undefined: all open ones, including those that arrive meanwhile. */
function chosenIds(store: DeadLetterStore, sink: string, { ids, reason, until }: DeadLetterChoice = {}) {
  if (reason === undefined && until === undefined) return ids
  const wanted = ids === undefined ? undefined : new Set(ids)
  return store
    .waiting(sink)
    .filter(
      ({ letter: { id, state, reason: of, time } }) =>
        state === 'open' &&
        (wanted?.has(id) ?? true) &&
        (reason === undefined || of === reason) &&
        (until === undefined || time <= until),
    )
    .map(({ letter: { id } }) => id)
}

export function localDeadLetters(sinks: Pick<SinkSet, 'all' | 'get'>): DeadLetterStore {
  const deliveryOf = (sink: string) => {
    const delivery = sinks.get(sink)
    if (delivery === undefined) throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${sink}`)
    return delivery
  }
  const sinksNamed = (sink: string | undefined): ReturnType<SinkSet['all']> =>
    sinks.all().filter(({ entry }) => sink === undefined || entry.id === sink)
  return {
    check: (sink) => {
      deliveryOf(sink)
    },
    waiting: (sink) =>
      sinksNamed(sink).flatMap(({ entry, delivery }) =>
        delivery.deadLetters.waiting().map((letter) => ({ sink: entry.id, letter })),
      ),
    get: (id, sink) =>
      sinksNamed(sink).flatMap(({ entry, delivery }) => {
        const letter = delivery.deadLetters.get(id)
        return letter === undefined ? [] : [{ sink: entry.id, letter }]
      }),
    async move(sink, ids, to) {
      const delivery = deliveryOf(sink)
      const moved = await delivery.deadLetters.mark(ids ?? openIds(delivery.deadLetters), to)
      if (to === 'retrying') delivery.nudge()
      return moved
    },
    async retryAs(sink, id, body) {
      const delivery = deliveryOf(sink)
      const moved = await delivery.deadLetters.retryAs(id, body)
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

/** A total order, so that pages neither repeat nor skip. */
function inOrder(a: DeadLetterPosition, b: DeadLetterPosition) {
  return b.time - a.time || byBytes(a.sink, b.sink) || byBytes(a.id, b.id)
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
