/** Bounds the work of an expression: nested loops over lists of the row would take hours. */
import type { ASTNode, Environment } from '@marcbachmann/cel-js'

/** Values in one evaluation, beside one for each byte of the row: a batch takes time in proportion to its size. */
const most = 5000
/** Characters of text that count as one value. */
const characters = 16

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const counter = 'counted_by_weir'

let left = most

/** Runs an evaluation with a new limit, for a row with lists of so many bytes. Evaluations are synchronous. */
export function limited(bytes: number, evaluate: () => unknown): unknown {
  const limit = most + bytes
  left = limit
  try {
    const result = evaluate()
    count(result)
    if (left >= 0) return result
  } catch (error) {
    if (left >= 0) throw error
  }
  throw new Error(`the expression takes more than ${limit} steps`)
}

/** Counts a value with everything in it, up to the limit. */
function count(value: unknown) {
  const length = typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 0
  left -= 1 + Math.floor(length / characters)
  if (typeof value !== 'object' || value === null || length > 0 || value instanceof Date) return
  const items: Iterable<unknown> = Array.isArray(value) || value instanceof Map ? value.values() : Object.values(value)
  for (const item of items) {
    if (left < 0) return
    count(item)
  }
}

export function withCounter(environment: Environment): Environment {
  return environment.registerFunction(`dyn.${counter}(): dyn`, (value: unknown) => {
    if (left >= 0) count(value)
    // An error could be caught by the loops around: each of their rounds would make another one.
    return left < 0 ? [] : value
  })
}

/** The expression with a call of the counter before each loop. `ast` is that of the text. */
export function withCounts(text: string, ast: ASTNode): string {
  const places: number[] = []
  visit(ast, (node) => {
    if (node.op !== 'rcall') return
    const [name, receiver] = node.args
    if (!loops.has(name)) return
    const end = receiver.end
    const rest = /^[\s)]*(?=\.)/.exec(text.slice(end))
    if (rest === null) throw new Error(`write nothing between \`.${name}\` and the list before it`)
    places.push(end + rest[0].length)
  })
  return places
    .toSorted((a, b) => b - a)
    .reduce((written, at) => `${written.slice(0, at)}.${counter}()${written.slice(at)}`, text)
}

function visit(node: unknown, act: (node: ASTNode) => void) {
  if (Array.isArray(node)) for (const child of node) visit(child, act)
  else if (typeof node === 'object' && node !== null && 'op' in node) {
    act(node as ASTNode)
    visit((node as ASTNode).args, act)
  }
}
