import { isRecord } from './json.ts'

/** The value at a JSON pointer (RFC 6901); undefined if there is none. */
export function jsonAt(document: unknown, pointer: string): unknown {
  return atSteps(document, pointerSteps(pointer))
}

export function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function atSteps(document: unknown, steps: readonly string[]): unknown {
  let node = document
  for (const step of steps)
    if (Array.isArray(node)) node = node[Number(step)] as unknown
    else if (isRecord(node) && Object.hasOwn(node, step)) node = node[step]
    else return undefined
  return node
}
