/** Operators between vectors and numbers, as PromQL defines them; LogQL has the same. */
import { executionError } from './failure.ts'
import { metadataLabels, type LabelSet } from './labels.ts'
import type { Sample, Vector } from './values.ts'

/** By zero it is NaN. No text of a query has this name. */
export const divisionOfLogql = '//'
export const arithmetic = ['+', '-', '*', '/', '%', '^', 'atan2', divisionOfLogql] as const
export const comparisons = ['==', '!=', '>', '<', '>=', '<='] as const
export const setOperators = ['and', 'or', 'unless'] as const
export type Operator = (typeof arithmetic)[number] | (typeof comparisons)[number] | (typeof setOperators)[number]

export type Matching = Readonly<{
  on: boolean
  labels: readonly string[]
  group?: 'left' | 'right'
  include: readonly string[]
}>

export function isComparison(operator: Operator): boolean {
  return (comparisons as readonly string[]).includes(operator)
}

export function isSetOperator(operator: Operator): boolean {
  return (setOperators as readonly string[]).includes(operator)
}

/** As in Go: 1 to any power is 1, and -1 to an infinite power. */
function power(base: number, exponent: number): number {
  return base === 1 || (base === -1 && Math.abs(exponent) === Infinity) ? 1 : base ** exponent
}

function compute(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case divisionOfLogql:
      return right === 0 ? NaN : left / right
    case '%':
      return left % right
    case '^':
      return power(left, right)
    case 'atan2':
      return Math.atan2(left, right)
    default:
      throw new Error(`${operator} computes no number`)
  }
}

function holds(operator: Operator, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '>':
      return left > right
    case '<':
      return left < right
    case '>=':
      return left >= right
    case '<=':
      return left <= right
    default:
      throw new Error(`${operator} compares no numbers`)
  }
}

/** A comparison is 0 or 1. */
export function scalarBinary(operator: Operator, left: number, right: number): number {
  return isComparison(operator) ? Number(holds(operator, left, right)) : compute(operator, left, right)
}

/** `bool`: a comparison is 0 or 1, and removes no sample. */
type Operation = Readonly<{ operator: Operator; bool: boolean }>

/** Undefined: the comparison removes the sample. */
function element({ operator, bool }: Operation, left: number, right: number, kept: number): number | undefined {
  if (!isComparison(operator)) return compute(operator, left, right)
  const yes = holds(operator, left, right)
  return bool ? Number(yes) : yes ? kept : undefined
}

/** @param side of the scalar. */
export function vectorScalar(operation: Operation, vector: Vector, scalar: number, side: 'left' | 'right'): Vector {
  const isComputed = operation.bool || !isComparison(operation.operator)
  const samples: Sample[] = []
  for (const { labels, value, dropsName = false } of vector) {
    const [left, right] = side === 'left' ? [scalar, value] : [value, scalar]
    const computed = element(operation, left, right, value)
    if (computed !== undefined) samples.push({ labels, value: computed, dropsName: dropsName || isComputed })
  }
  return samples
}

/** Labels that pair samples, remembered for each series. */
export class Signatures {
  readonly #names: ReadonlySet<string>
  readonly #on: boolean
  readonly #known = new WeakMap<LabelSet, string>()
  constructor({ on, labels }: Matching) {
    this.#on = on
    this.#names = new Set(on ? labels : [...labels, ...metadataLabels])
  }

  of(labels: LabelSet): string {
    const existing = this.#known.get(labels)
    if (existing !== undefined) return existing
    const { key } = this.#on ? labels.keep(this.#names) : labels.drop(this.#names)
    this.#known.set(labels, key)
    return key
  }
}

export function setBinary(operator: Operator, left: Vector, right: Vector, signatures: Signatures): Vector {
  const others = new Set((operator === 'or' ? left : right).map(({ labels }) => signatures.of(labels)))
  if (operator === 'or') return [...left, ...right.filter(({ labels }) => !others.has(signatures.of(labels)))]
  return left.filter(({ labels }) => others.has(signatures.of(labels)) === (operator === 'and'))
}

export type VectorBinary = Operation & Readonly<{ matching: Matching }>

export function vectorBinary(operation: VectorBinary, left: Vector, right: Vector, signatures: Signatures): Vector {
  if (left.length === 0 || right.length === 0) return []
  const { matching } = operation
  const isSwapped = matching.group === 'right'
  const [many, vector] = isSwapped ? [right, left] : [left, right]
  const results = new Map<string, Sample>()
  for (const sample of vector) {
    const signature = signatures.of(sample.labels)
    if (results.has(signature))
      throw executionError(
        `found duplicate series for the match group ${signature} on the ${isSwapped ? 'left' : 'right'} hand-side ` +
          'of the operation; many-to-many matching not allowed: matching labels must be unique on one side',
      )
    results.set(signature, sample)
  }
  const taken = new Map<string, Set<string>>()
  const samples: Sample[] = []
  for (const sample of many) {
    const signature = signatures.of(sample.labels)
    const opposite = results.get(signature)
    if (opposite === undefined) continue
    const [first, second] = isSwapped ? [opposite.value, sample.value] : [sample.value, opposite.value]
    let before = taken.get(signature)
    if (matching.group === undefined && before !== undefined)
      throw executionError(
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      )
    if (before === undefined) taken.set(signature, (before = new Set()))
    const value = element(operation, first, second, first)
    if (value === undefined) continue
    const labels = resultLabels(sample.labels, opposite.labels, operation)
    if (before.has(labels.key))
      throw executionError('multiple matches for labels: grouping labels must ensure unique matches')
    before.add(labels.key)
    samples.push({ labels, value, dropsName: sample.dropsName ?? false })
  }
  return samples
}

function resultLabels(many: LabelSet, labelSet: LabelSet, { operator, bool, matching }: VectorBinary): LabelSet {
  const { on, labels, group, include } = matching
  let result = bool || !isComparison(operator) ? many.nameless : many
  if (group === undefined) result = on ? result.keep(new Set(labels)) : result.drop(new Set(labels))
  for (const name of include) result = result.with(name, labelSet.get(name))
  return result
}

/** The samples of a result: without the names that an operation or a function drops. */
export function withoutDroppedNames(vector: Vector): Vector {
  return unique(
    vector.map((sample) =>
      sample.dropsName === true ? { labels: sample.labels.nameless, value: sample.value } : sample,
    ),
  )
}

export function unique(vector: Vector): Vector {
  if (vector.length > 1 && new Set(vector.map(({ labels }) => labels.key)).size < vector.length)
    throw executionError('vector cannot contain metrics with the same labelset')
  return vector
}
