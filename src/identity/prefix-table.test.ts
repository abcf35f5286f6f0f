import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, parseCidr } from '../model/cidr.ts'
import { parseIp } from '../model/ip.ts'
import { PrefixTable, type Meaning, type NetworkEntry } from './prefix-table.ts'

function words(text: string): Uint32Array {
  const found = parseIp(text)
  if (found === undefined) throw new Error(text)
  return found
}

function entry(cidr: string, name?: string, label?: string): NetworkEntry {
  const range = parseCidr(cidr)
  if (range === undefined) throw new Error(cidr)
  return { range, ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { label }) }
}

function ask(table: PrefixTable, address: string): Meaning | undefined {
  return table.meanings[table.lookup(words(address), 0)]
}

describe('the prefix table', () => {
  test('returns the longest range: 10.1.2.3 is in "dc", not in "all"', () => {
    const table = new PrefixTable([entry('10.0.0.0/8', undefined, 'all'), entry('10.1.0.0/16', undefined, 'dc')])
    expect(ask(table, '10.1.2.3')).toEqual({ label: 'dc' })
    expect(ask(table, '10.0.255.255')).toEqual({ label: 'all' })
    expect(ask(table, '10.2.0.0')).toEqual({ label: 'all' })
    expect(ask(table, '11.0.0.0')).toEqual({})
    expect(ask(table, '9.255.255.255')).toEqual({})
  })

  test('takes name and label each from the longest range that has one', () => {
    const table = new PrefixTable([
      entry('10.0.0.0/8', 'ten', 'inside'),
      entry('10.1.0.0/16', undefined, 'dc'),
      entry('10.1.1.1', 'gateway'),
    ])
    expect(ask(table, '10.1.1.1')).toEqual({ name: 'gateway', label: 'dc' })
    expect(ask(table, '10.1.1.2')).toEqual({ name: 'ten', label: 'dc' })
  })

  test('the first of equal ranges wins, for name and label separately', () => {
    const table = new PrefixTable([
      entry('10.0.0.0/8', 'first'),
      entry('10.0.0.0/8', 'second', 'b'),
      entry('10.9.9.9/8', 'third', 'c'),
    ])
    expect(ask(table, '10.0.0.0')).toEqual({ name: 'first', label: 'b' })
  })

  test('covers both ends of both address spaces', () => {
    const table = new PrefixTable([
      entry('0.0.0.0/0', 'v4'),
      entry('255.255.255.255', 'last4'),
      entry('0.0.0.0', 'first4'),
      entry('::/0', 'v6'),
      entry('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'last6'),
      entry('::', 'first6'),
    ])
    const names = [
      '0.0.0.0',
      '0.0.0.1',
      '255.255.255.254',
      '255.255.255.255',
      '::',
      '::1',
      '::fffe:ffff:ffff',
      '::1:0:0:0',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]
    expect(names.map((address) => ask(table, address)?.name)).toEqual([
      'first4',
      'v4',
      'v4',
      'last4',
      'first6',
      'v6',
      'v6',
      'v6',
      'v6',
      'last6',
    ])
  })

  test('separates the families', () => {
    expect(ask(new PrefixTable([entry('::/0', 'six')]), '10.0.0.1')).toEqual({})
    expect(ask(new PrefixTable([entry('0.0.0.0/0', 'four')]), '::1')).toEqual({})
  })

  test('without entries resolves nothing', () => {
    expect(ask(new PrefixTable([]), '10.0.0.1')).toEqual({})
    expect(ask(new PrefixTable([]), '2001:db8::1')).toEqual({})
  })

  test('agrees with a scan over all entries for every address', () => {
    const word = fc.constantFrom(0, 1, 0x80000000, 0xffffffff, 0x0a000000, 0x0a010000, 0x0a0100ff)
    const address = fc.oneof(
      word.map((last) => Uint32Array.of(0, 0, 0xffff, last)),
      fc.array(word, { minLength: 4, maxLength: 4 }).map((all) => Uint32Array.from(all)),
    )
    const range = fc.tuple(address, fc.nat(128)).map(([from, short]) => {
      const v4 = from[0] === 0 && from[1] === 0 && from[2] === 0xffff
      const bits = v4 ? 96 + (short % 33) : short
      const masked = from.map((value, i) =>
        bits >= 32 * (i + 1) ? value : bits <= 32 * i ? 0 : value & (0xffffffff << (32 * (i + 1) - bits)),
      )
      return { words: masked, bits }
    })
    const text = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })
    const entries = fc.array(
      fc.tuple(range, text, text).map(([one, name, label]) => ({
        range: one,
        ...(name === undefined ? {} : { name }),
        ...(label === undefined ? {} : { label }),
      })),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(entries, fc.array(address, { minLength: 1, maxLength: 20 }), (all, addresses) => {
        const table = new PrefixTable(all)
        const edges = all.flatMap(({ range: { words: first, bits } }) => [
          first,
          first.map(
            (value, i) =>
              value | (bits >= 32 * (i + 1) ? 0 : bits <= 32 * i ? 0xffffffff : 0xffffffff >>> (bits - 32 * i)),
          ),
        ])
        for (const one of [...addresses, ...edges])
          expect(table.meanings[table.lookup(one, 0)]).toEqual(naive(all, one))
      }),
      { numRuns: 1000 },
    )
  })
})

function naive(entries: readonly NetworkEntry[], address: Uint32Array): Meaning {
  const inside = entries
    .filter(({ range }) => covers(range, address, 0))
    .toSorted((a, b) => b.range.bits - a.range.bits)
  const name = inside.find((one) => one.name !== undefined)?.name
  const label = inside.find((one) => one.label !== undefined)?.label
  return { ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { label }) }
}
