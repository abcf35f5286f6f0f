import { expect, it } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { KnownObjects } from './known-objects.ts'

it.each([1, 2, 3])('objects are found by cluster and uid of any form, with their current claims (seed %i)', (seed) => {
  const random = new SeededRandom(seed)
  const known = new KnownObjects()
  const truth = new Map<
    string,
    { readonly cluster: number; readonly uid: string; readonly object: number; claims: readonly number[] }
  >()
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('')
  for (let step = 0; step < 5000; step++) {
    const former = truth.size > 0 && random.chance(0.3) ? random.pick([...truth.values()]) : undefined
    const uid =
      former?.uid ??
      (random.chance(0.1) ? `pod-${step}` : `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`)
    const cluster = random.integer(1, 3)
    const key = `${cluster}/${uid}`
    expect(known.find(cluster, uid)).toBe(truth.get(key)?.object ?? -1)
    const object = known.add(cluster, uid)
    const claims = Array.from({ length: random.integer(0, 3) }, (_, at) => 4 * step + at)
    known.claim(object, claims)
    truth.set(key, { cluster, uid, object, claims })
  }
  const live = [...truth.values()].filter(({ claims }) => claims.length > 0)
  expect(known.live).toBe(live.length)
  expect([...known.all()].toSorted((a, b) => a - b)).toEqual(live.map(({ object }) => object).toSorted((a, b) => a - b))
  for (const { cluster, uid, object, claims } of truth.values()) {
    expect(known.find(cluster, uid)).toBe(object)
    expect(known.uidOf(object)).toBe(uid)
    expect(known.claimsOf(object)).toEqual(claims)
  }
})
