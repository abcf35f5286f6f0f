import type { Part } from '../../../state/codec.ts'
import { flag, oneOf, text } from '../../../state/parts.ts'

/** What a node stands for, the finest first. */
export const scopes = ['addr', 'name', 'owner', 'namespace', 'label', 'node', 'zone', 'country'] as const
export type Scope = (typeof scopes)[number]

/** Where a node was put by hand, in the units of the layout. */
export type Pins = Readonly<Record<string, readonly [x: number, y: number]>>

export interface TopologyState {
  readonly scope: Scope
  /** Up to 1,000 nodes and 5,000 edges instead of 300 and 1,500. */
  readonly more: boolean
  /** The same as a list. */
  readonly list: boolean
  /** Key of the node that is chosen; empty: none. */
  readonly node: string
  readonly pins: Pins
}

/** `x:y:key;x:y:key`, keys escaped. Places are whole numbers. */
function pins(): Part<Pins> {
  return {
    usual: {},
    read: (written) => {
      const found: [string, readonly [number, number]][] = []
      for (const each of written.split(';')) {
        const [, x, y, key] = /^(-?\d{1,6}):(-?\d{1,6}):([^:;]+)$/.exec(each) ?? []
        if (key === undefined) return undefined
        try {
          found.push([decodeURIComponent(key), [Number(x), Number(y)]])
        } catch {
          return undefined
        }
      }
      return Object.fromEntries(found)
    },
    write: (value) => Object.entries(value).map(([key, [x, y]]) => `${Math.round(x)}:${Math.round(y)}:${encodeURIComponent(key)}`).join(';'),
  }
}

export const topologyParts = {
  scope: oneOf(scopes, 'name'),
  more: flag(false),
  list: flag(false),
  node: text(),
  pins: pins(),
} as const
