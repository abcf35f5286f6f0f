import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import type { FieldPlace } from './data-set.ts'
import { lengthOf, lowWord, numberIn, startOf } from './read.ts'
import type { Step } from './step-numbers.ts'
import type { StringCodes } from './strings.ts'

const comma = 0x2c

export function textStep(column: GrowingColumn<Uint32Array>, position: FieldPlace, codes: StringCodes): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const code = codes.code(set.bytes, startOf(set, position, i), lengthOf(set, position, i))
      if (code === 0) continue
      column.items[row + i] = code
      column.mark(row + i)
    }
  }
}

/** IE 82 names the observing interface: the input, unless the direction is egress. */
export function interfaceStep(
  columns: Readonly<{ input: GrowingColumn<Uint32Array>; output: GrowingColumn<Uint32Array> }>,
  position: FieldPlace,
  direction: FieldPlace | undefined,
  codes: StringCodes,
): Step {
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const code = codes.code(set.bytes, startOf(set, position, i), lengthOf(set, position, i))
      if (code === 0) continue
      const column = direction !== undefined && numberIn(set, direction, i) === 1 ? columns.output : columns.input
      column.items[row + i] = code
      column.mark(row + i)
    }
  }
}

export function singleListStep(
  flows: FlowBuilder,
  position: FieldPlace,
  direction: FieldPlace | undefined,
  codes: StringCodes,
): Step {
  const names = flows.list('interfaces')
  const directions = flows.list('if_directions')
  return (set, row) => {
    for (let i = 0; i < set.count; i++) {
      const code = codes.code(set.bytes, startOf(set, position, i), lengthOf(set, position, i))
      if (code === 0) continue
      names.begin(row + i)
      names.push(code)
      const value = direction === undefined ? undefined : numberIn(set, direction, i)
      if (value === undefined || value > 1) continue
      directions.begin(row + i)
      directions.push(value)
    }
  }
}

/** NetObserv's lists: `eth0,br-ex` and `0,1`. */
export function listSteps(
  flows: FlowBuilder,
  interfaces: FieldPlace | undefined,
  directions: FieldPlace | undefined,
  codes: StringCodes,
): readonly Step[] {
  const steps: Step[] = []
  if (interfaces !== undefined) {
    const names = flows.list('interfaces')
    steps.push((set, row) => {
      for (let i = 0; i < set.count; i++) {
        const at = startOf(set, interfaces, i)
        const end = at + lengthOf(set, interfaces, i)
        names.begin(row + i)
        for (let from = at; from < end;) {
          const to = nextComma(set.bytes, from, end)
          const code = codes.code(set.bytes, from, to - from)
          if (code !== 0) names.push(code)
          from = to + 1
        }
      }
    })
  }
  if (directions !== undefined) {
    const values = flows.list('if_directions')
    steps.push((set, row) => {
      for (let i = 0; i < set.count; i++) {
        const at = startOf(set, directions, i)
        const end = at + lengthOf(set, directions, i)
        values.begin(row + i)
        for (let from = at; from < end;) {
          const to = nextComma(set.bytes, from, end)
          const digit = (set.bytes[from] ?? 0) - 0x30
          if (to === from + 1 && digit >= 0 && digit <= 9) values.push(digit)
          from = to + 1
        }
      }
    })
  }
  return steps
}

function nextComma(bytes: Uint8Array, from: number, end: number) {
  let to = from
  while (to < end && bytes[to] !== comma) to++
  return to
}

/** IE 70 … 79 (label << 4 | experimental << 1 | bottom), top first. */
export function mplsStep(flows: FlowBuilder, places: readonly FieldPlace[]): Step {
  const labels = flows.list('mpls_labels')
  const codes = new Map<number, number>()
  let generation = -1
  const codeOf = (label: number) => {
    let code = codes.get(label)
    if (code === undefined) {
      code = flows.code(String(label))
      codes.set(label, code)
    }
    return code
  }
  return (set, row) => {
    if (generation !== flows.generation) {
      codes.clear()
      generation = flows.generation
    }
    for (let i = 0; i < set.count; i++) {
      labels.begin(row + i)
      for (const position of places) {
        // All zero: an unused position.
        const entry = lowWord(set.view, startOf(set, position, i), 3)
        if (entry === 0) continue
        labels.push(codeOf(entry >> 4))
        if ((entry & 1) === 1) break
      }
    }
  }
}
