import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { Resolver } from '../../engine/contracts.ts'
import type { Endpoint } from '../../model/endpoint.ts'
import type { Frame } from '../../journal/types.ts'
import { parseIp } from '../../model/ip.ts'
import { Endpoints } from '../flows/endpoints.ts'
import { flowRows, StringDictionary } from '../flows/rows.ts'
import { flowMinutes } from '../flows/time.ts'
import { Bytes } from '../../codecs/parquet/bits.ts'
import type { Levels } from '../../codecs/parquet/levels.ts'
import { anyFlows, type AnyCell } from '../testing/any-flows.ts'
import { Rollup } from './rollup.ts'
import { rollupRows, type RollupRows } from './rows.ts'
import { isServicePort } from '../../model/service-port.ts'
import { dimensions } from './schema.ts'

type Cells = Record<string, AnyCell>

function meaningOf(last: number): Endpoint | undefined {
  const [label, namespace, cluster] = [`label${last % 3}`, `ns${last % 7}`, `c${last % 2}`]
  const workload = {
    name: `pod${last % 11}`,
    namespace,
    cluster,
    owner_name: `app${last % 4}`,
    owner_kind: 'Deployment',
  }
  return [undefined, { label }, workload, { label, ...workload }, { cluster, name: 'a' }][last % 5]
}

const resolver: Resolver = {
  generation: 1,
  resolve: (words, at) => {
    const endpoint = meaningOf(words[at + 3] ?? 0)
    return endpoint === undefined ? { is: 'unknown' } : { is: 'endpoint', endpoint }
  },
}

function dimensionsOf(flow: Cells): Cells {
  const means = (end: string): Endpoint => {
    const address = flow[`${end}_addr`]
    return typeof address === 'string' ? (meaningOf(parseIp(address)?.[3] ?? 0) ?? {}) : {}
  }
  const [src, dst] = [means('src'), means('dst')]
  const of = (name: string): AnyCell | undefined => {
    const carried = flow[name]
    if (name.endsWith('_port')) return isServicePort(Number(carried)) ? carried : null
    if (carried !== null && carried !== undefined) return carried
    if (name === 'cluster') return src.cluster ?? dst.cluster
    const [end, part] = [name.slice(0, 3), name.slice(4)]
    const meaning = end === 'src' ? src : end === 'dst' ? dst : undefined
    return ['label', 'namespace', 'name', 'owner_name', 'owner_kind'].includes(part) ? meaning?.[part as 'name'] : null
  }
  return Object.fromEntries(dimensions.map(({ name }) => [name, of(name) ?? null]))
}

function presentOf(levels: Levels): boolean[] {
  const out = new Bytes()
  levels.write(out)
  const bytes = out.taken().subarray(4)
  let [header, at, shift] = [0, 0, 0]
  do header += ((bytes[at] ?? 0) & 127) * 2 ** (7 * shift++)
  while ((bytes[at++] ?? 0) > 127)
  return Array.from({ length: levels.values }, (_, row) =>
    header % 2 === 0 ? bytes[at] === 1 : (((bytes[at + (row >> 3)] ?? 0) >> (row & 7)) & 1) === 1,
  )
}

function readRows({ count, minutes, folded, values, sums }: RollupRows): { key: string; sums: bigint[] }[] {
  const cells: Cells[] = Array.from({ length: count }, () =>
    Object.fromEntries(dimensions.map(({ name }) => [name, null])),
  )
  for (const [name, { presence, values: numbers, texts }] of values) {
    expect(texts === undefined ? 0 : new Set(texts).size).toBe(texts?.length ?? 0)
    let next = 0
    for (const [row, present] of presentOf(presence).entries())
      if (present)
        (cells[row] as Cells)[name] =
          texts === undefined ? (numbers[next++] as number) : (texts[numbers[next++] as number] as string)
    expect(next).toBe(numbers.length)
  }
  return cells.map((row, index) => ({
    key: JSON.stringify([minutes[index], folded[index], row]),
    sums: sums.map((column) => BigInt(column[index] ?? 0)),
  }))
}

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1)

it.each([1, 2, 3])('rollup rows equal the flows of each group summed individually (seed %i)', (seed) => {
  const random = new SeededRandom(seed)
  const received = Date.UTC(2026, 0, 2, 3)
  const endpoints = new Endpoints({ resolver, next: 1 })
  const words = new StringDictionary([''])
  let rollup = new Rollup()
  for (let commit = 0; commit < 3; commit++) {
    const added = new Map<string, bigint[]>()
    for (let batch = 0; batch < 3; batch++) {
      const flows = anyFlows(random, random.pick([1, 40, 150]), random.pick([0.3, 0.8, 1]), received)
      const frame = { header: { source: 's', epoch: 1, sourceSequence: batch, received } } as unknown as Frame
      const rows = flowRows(flows.batch, frame, { day: 0, source: 1 }, endpoints, words)
      rollup.add(rows, endpoints)
      const minutes = new Uint32Array(flows.batch.count)
      flowMinutes(rows, minutes)
      for (const [row, minute] of minutes.entries()) {
        const flow = Object.fromEntries(Object.entries(flows.cells).map(([name, cells]) => [name, cells[row] ?? null]))
        const key = JSON.stringify([minute, 0, dimensionsOf(flow)])
        const [bytes, packets, factor] = [flow['bytes'], flow['packets'], flow['sampling'] ?? 1].map((value) =>
          BigInt((value as string | number | null) ?? 0),
        ) as [bigint, bigint, bigint]
        const sums = added.get(key) ?? [0n, 0n, 0n, 0n, 0n]
        added.set(
          key,
          [1n, bytes, packets, bytes * factor, packets * factor].map((value, index) => value + (sums[index] ?? 0n)),
        )
      }
    }
    expect(readRows(rollupRows(rollup, endpoints)).sort(byKey)).toEqual(
      [...added].map(([key, sums]) => ({ key, sums })).sort(byKey),
    )
    rollup = rollup.renewed()
    endpoints.forget()
  }
})
