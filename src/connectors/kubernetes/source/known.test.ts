import { expect, test } from 'vitest'
import { SeededRandom } from '../../../../test/kit/random.ts'
import { KnownObjects, release, type Known } from './known.ts'
import { digestOf } from '../map/digest.ts'

interface Fact {
  readonly row: number
  readonly known: Known
  version: string
  hash: string
  emitted: string
  seen: number
  document: Buffer | undefined
}

test('objects equal a plain map after any creations, changes and deletions, with any uids and versions', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = new SeededRandom(seed)
    const objects = new KnownObjects()
    const truth = new Map<string, Fact>()
    const gone: Known[] = []
    const digits = (count: number): string =>
      Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('')
    const judge = (uid: string): void => {
      const known = objects.get(uid)
      const fact = truth.get(uid)
      expect(
        known === undefined
          ? undefined
          : {
              row: known.row,
              version: known.version,
              hash: known.hash,
              emitted: known.emitted,
              seen: known.seen,
              document: known.document,
            },
      ).toEqual(
        fact === undefined
          ? undefined
          : {
              row: fact.row,
              version: fact.version,
              hash: fact.hash,
              emitted: fact.emitted,
              seen: fact.seen,
              document: fact.document,
            },
      )
    }
    for (let step = 0; step < 4000; step++) {
      const old = truth.size > 0 && random.chance(0.7) ? random.pick([...truth.keys()]) : undefined
      const uid =
        old ??
        (random.chance(0.1) ? `uid-${step}` : `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`)
      let fact = truth.get(uid)
      if (fact !== undefined && random.chance(0.4)) {
        objects.delete(uid)
        truth.delete(uid)
        // State is readable before it is written.
        expect([fact.known.row, fact.known.document]).toEqual([fact.row, fact.document])
        gone.push(fact.known)
        if (random.chance(0.5)) for (const known of gone.splice(0)) release(known)
      } else {
        if (fact === undefined)
          truth.set(
            uid,
            (fact = {
              row: step,
              known: objects.add(uid, step),
              version: '',
              hash: '',
              emitted: '',
              seen: 0,
              document: undefined,
            }),
          )
        const change = random.pick<Partial<Omit<Fact, 'row' | 'known'>>>([
          { version: random.pick(['', '7', '007', '18446744073709551615', 'x', String(step)]) },
          { hash: digestOf(String(step)) },
          { emitted: digestOf(`emitted ${step}`) },
          { emitted: '' },
          { seen: step },
          { document: Buffer.from(`${step}`) },
          { document: undefined },
        ])
        Object.assign(fact, change)
        Object.assign(fact.known, change)
      }
      judge(uid)
      judge(truth.size > 0 ? random.pick([...truth.keys()]) : uid)
    }
    expect(objects.size).toBe(truth.size)
    expect([...objects.keys()].toSorted()).toEqual([...truth.keys()].toSorted())
    const rows = (known: Iterable<readonly [string, { readonly row: number }]>): string[] =>
      [...known].map(([uid, { row }]) => `${uid} ${row}`).toSorted()
    expect(rows(objects)).toEqual(rows(truth))
    // Deletion during iteration is allowed.
    for (const [uid] of objects) objects.delete(uid)
    expect([objects.size, [...objects.values()].length]).toEqual([0, 0])
  }
})
