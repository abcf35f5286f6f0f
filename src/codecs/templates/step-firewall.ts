import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import type { OpenConnections } from './connections.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { hash53 } from './hash.ts'
import { lengthOf, numberIn, startOf } from './read.ts'
import type { Step } from './step-numbers.ts'
import type { SamplingDefaults } from './step-sampling.ts'

const created = 1
const deleted = 2
const update = 5

export type ConnectionPlaces = Readonly<{
  event: FieldPlace
  /** The connection id, else the ends. */
  identity: readonly FieldPlace[]
  bytes: ConnectionCounter | undefined
  packets: ConnectionCounter | undefined
}>

/** `total`: of all reports. `mixed`: of the reports since the last one, and at the teardown of all (Cisco ASA). */
export type ConnectionCounter = 'total' | 'mixed'

/** A connection counts once: a row keeps what the rows before have not counted. Counters are written before. */
export function connectionStep(
  flows: FlowBuilder,
  { event, identity, bytes, packets }: ConnectionPlaces,
  isReverse: 0 | 1,
  open: OpenConnections,
  defaults: SamplingDefaults,
): Step {
  const counters = [
    { of: 'bytes', column: flows.column('bytes'), as: bytes },
    { of: 'packets', column: flows.column('packets'), as: packets },
  ] as const
  return (set, row) => {
    const { seed } = defaults.facts
    for (let i = 0; i < set.count; i++) {
      const is = numberIn(set, event, i)
      if (is !== created && is !== deleted && is !== update) continue
      const key = keyOf(set, identity, i, seed + isReverse)
      if (is === created) {
        open.forget(key)
        open.forget(keyOf(set, identity, i, seed + 1 - isReverse))
      }
      for (const { of, column, as } of counters) {
        if (as === undefined) continue
        const value = valueAt(column, row + i)
        if (is === deleted || as === 'total')
          put(column, row + i, open.rest(key, of, value, is === deleted ? 'last' : 'open'))
        else if (value > 0) open.add(key, of, value)
      }
      if (is === deleted) open.forget(key)
    }
  }
}

function keyOf(set: DataSet, identity: readonly FieldPlace[], record: number, seed: number) {
  let key = seed
  for (const position of identity)
    key = hash53(key, set.bytes, startOf(set, position, record), lengthOf(set, position, record))
  return key
}

function valueAt({ items }: GrowingColumn<Uint32Array>, row: number) {
  return items[2 * row + 1]! * 0x1_0000_0000 + items[2 * row]!
}

function put({ items }: GrowingColumn<Uint32Array>, row: number, value: number) {
  items[2 * row] = value % 0x1_0000_0000
  items[2 * row + 1] = Math.floor(value / 0x1_0000_0000)
}

/** The entry of an access list as Cisco writes it: three numbers in hex, all 0 if none applied. */
export function aclText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return /[1-9a-f]/.test(hex) ? (hex.match(/.{1,8}/g) ?? []).join('-') : ''
}
