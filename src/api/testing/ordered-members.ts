/** Flows with a member of every kind, in the order of the member; `bytes` is the position. */
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'

export const orderedMember = 'extra.a "b", ÿ'
export const quotedMember = String.raw`extra."a \"b\", ÿ"`

const long = 'x'.repeat(99)

/** JSON of the member, ascending. Equal neighbours are in one list; undefined: absent. */
export const orderedValues: readonly (readonly (string | undefined)[])[] = [
  ['-9223372036854775808'],
  ['-2.5e3'],
  ['-1'],
  ['0'],
  ['0.25'],
  ['9', '9.0'],
  ['10'],
  ['9007199254740991'],
  ['9007199254740992'],
  ['9007199254740993'],
  ['18446744073709551614'],
  ['18446744073709551615'],
  ['1e300'],
  ['""'],
  [String.raw`"\u0000a"`, '" a"'],
  ['"-1"'],
  ['"10"'],
  ['"9"'],
  ['"Z"'],
  ['[1,"x"]'],
  ['"a"'],
  ['"null"'],
  ['true'],
  [`"${long}y"`, `"${long}yz${long.repeat(600)}"`],
  [`"${long}z"`],
  ['{"b":1}'],
  ['"ÿ"'],
  ['"\uFF5E"'],
  ['"\u{1F600}"'],
  [undefined, 'null'],
]

export function orderedFlows(received: number): FlowBatch {
  const rows = orderedValues.flatMap((values, position) => values.map((value) => ({ value, position })))
  const flows = rows.map(({ position }) => ({ src: '10.0.0.2', dst: '10.0.0.9', bytes: position }))
  const batch = flowBatch(flows, received)
  const name = JSON.stringify(orderedMember.slice('extra.'.length))
  const texts = rows.map(({ value }) => (value === undefined ? '{"other":1}' : `{${name}:${value}}`))
  const codes = Uint32Array.from(texts, (_, at) => batch.dictionary.length + at)
  return {
    ...batch,
    dictionary: [...batch.dictionary, ...texts],
    columns: { ...batch.columns, extra: { kind: 'json', codes } },
  }
}

/** Positions as a sort has them: numbers first and absent values last in both directions. */
export function orderedPositions(descending: boolean): readonly number[] {
  const positions = orderedValues.map((values, position) => values.map(() => position))
  if (!descending) return positions.flat()
  const texts = orderedValues.findIndex(([value]) => value === '""')
  return [
    ...positions.slice(0, texts).reverse(),
    ...positions.slice(texts, -1).reverse(),
    ...positions.slice(-1),
  ].flat()
}
