import { expect, it } from 'vitest'
import type { Resolver } from '../../engine/contracts.ts'
import type { Endpoint } from '../../model/endpoint.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { Endpoints, type AddressMeaning } from './endpoints.ts'

function words(...addresses: string[]): { kind: 'ip'; words: Uint32Array } {
  return { kind: 'ip', words: Uint32Array.from(addresses.flatMap((address) => [...(parseIp(address) ?? [])])) }
}

class Names implements Resolver {
  generation = 1
  lookups: string[] = []
  resolve(of: Uint32Array, offset: number, time: number, scope: string): ReturnType<Resolver['resolve']> {
    this.lookups.push(`${of[offset + 3]} at ${time} in ${scope}`)
    return (of[offset + 3] ?? 0) % 2 === 0
      ? { is: 'wait', until: time + 1 }
      : { is: 'endpoint', endpoint: { name: `n${this.generation}` } }
  }
}

const meaning: AddressMeaning = { scopes: undefined, scopeName: () => '', timeOf: (row) => 1000 + row }
function taken(endpoints: Endpoints): { id: number; address: string; meaning: Endpoint | undefined }[] {
  return endpoints.take().flatMap(({ names, from, to }) =>
    Array.from({ length: to - from }, (_, at) => ({
      id: names.base + from + at,
      address: formatIp(names.addresses(from + at, from + at + 1)),
      meaning: names.meaning(from + at),
    })),
  )
}

const list = (ids: Float64Array): number[] => [...ids]

it('an address has one id per hour, and is resolved once, at the time of its flow', () => {
  const names = new Names()
  const endpoints = new Endpoints({ resolver: names, next: 5 })
  expect(list(endpoints.ids(1, words('0.0.0.1', '0.0.0.2', '0.0.0.1'), 3, meaning))).toEqual([5, 6, 5])
  expect(names.lookups).toEqual(['1 at 1000 in ', '2 at 1001 in '])
  expect(taken(endpoints)).toEqual([
    { id: 5, address: '0.0.0.1', meaning: { name: 'n1' } },
    { id: 6, address: '0.0.0.2', meaning: undefined },
  ])
  expect(endpoints.take()).toEqual([])
  expect(list(endpoints.ids(2, words('0.0.0.1'), 1, meaning))).toEqual([7])
  expect(endpoints.next).toBe(8)
})

it('a new generation of the resolver invalidates earlier ids', () => {
  const names = new Names()
  const endpoints = new Endpoints({ resolver: names, next: 1 })
  endpoints.ids(1, words('0.0.0.1'), 1, meaning)
  names.generation = 2
  expect(list(endpoints.ids(1, words('0.0.0.1'), 1, meaning))).toEqual([2])
  expect(taken(endpoints).map(({ meaning }) => meaning?.name)).toEqual(['n1', 'n2'])
})

it('the same address in two scopes is two endpoints', () => {
  const names = new Names()
  const endpoints = new Endpoints({ resolver: names, next: 1 })
  const scoped = { ...meaning, scopes: Uint32Array.of(3, 4, 3), scopeName: (scope: number) => `cluster-${scope}` }
  expect(list(endpoints.ids(1, words('0.0.0.1', '0.0.0.1', '0.0.0.1'), 3, scoped))).toEqual([1, 2, 1])
  expect(names.lookups).toEqual(['1 at 1000 in cluster-3', '1 at 1001 in cluster-4'])
})

it('rows without an address have no endpoint', () => {
  const endpoints = new Endpoints({ resolver: new Names(), next: 1 })
  expect(list(endpoints.ids(1, { ...words('0.0.0.1', '0.0.0.3'), valid: Uint8Array.of(0b10) }, 2, meaning))).toEqual([
    0, 1,
  ])
})

it('thousands of addresses keep their ids as the table grows, up to the limit', () => {
  const endpoints = new Endpoints({ resolver: new Names(), next: 4_294_967_290, limit: 30_000 })
  const many = {
    kind: 'ip' as const,
    words: Uint32Array.from({ length: 4 * 20_000 }, (_, i) =>
      i % 4 === 3 ? i * 2_654_435_761 : i % 4 === 0 ? 0x20010db8 : 0,
    ),
  }
  const first = list(endpoints.ids(1, many, 20_000, meaning))
  expect(first).toEqual(Array.from({ length: 20_000 }, (_, row) => 4_294_967_290 + row))
  expect(list(endpoints.ids(1, many, 20_000, meaning))).toEqual(first)
  endpoints.ids(1, { kind: 'ip', words: many.words.map((word) => word ^ 1) }, 20_000, meaning)
  expect(endpoints.next).toBe(4_294_967_290 + 40_000)
  expect(list(endpoints.ids(1, words('0.0.0.1'), 1, meaning))).toEqual([4_294_967_290 + 40_000])
})
