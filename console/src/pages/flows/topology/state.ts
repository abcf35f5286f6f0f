import type { Part } from '../../../state/codec.ts'
import { flag, oneOf, text } from '../../../state/parts.ts'
import { isMoment } from '../../../state/range.ts'
import type { Eye } from './paint.ts'

/** What a node stands for: an endpoint has its best name, the others are the finest first. */
export const scopes = ['endpoint', 'addr', 'name', 'owner', 'namespace', 'label', 'node', 'zone', 'country'] as const
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
  /** An earlier time whose edges are compared with those of the span: one of {@link earlierTimes}, or when it began (ISO 8601); empty: none. */
  readonly diff: string
  /** A part of the names of nodes that are looked for. */
  readonly find: string
  /** What part of the picture is looked at; undefined: everything. */
  readonly eye: Eye | undefined
}

/** How much earlier; `span`: just before. */
export const earlierTimes = ['span', '1h', '1d', '1w'] as const

function diff(): Part<string> {
  return {
    usual: '',
    read: (written) =>
      (earlierTimes as readonly string[]).includes(written) || (isMoment(written) && !written.startsWith('now'))
        ? written
        : undefined,
    write: (value) => value,
  }
}

/** `x:y:k`: the point in the middle in units of the layout, and pixels for a hundred units. */
function eye(): Part<Eye | undefined> {
  return {
    usual: undefined,
    read: (written) => {
      const [, x, y, k] = /^(-?\d{1,6}):(-?\d{1,6}):(\d{1,4})$/.exec(written) ?? []
      return k === undefined || Number(k) === 0 ? undefined : { x: Number(x) + 0, y: Number(y) + 0, k: Number(k) / 100 }
    },
    write: (value) =>
      value === undefined
        ? ''
        : `${Math.round(value.x) + 0}:${Math.round(value.y) + 0}:${Math.max(1, Math.round(value.k * 100))}`,
  }
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
    write: (value) =>
      Object.entries(value)
        .map(([key, [x, y]]) => `${Math.round(x)}:${Math.round(y)}:${encodeURIComponent(key)}`)
        .join(';'),
  }
}

export const topologyParts = {
  scope: oneOf(scopes, 'endpoint'),
  more: flag(false),
  list: flag(false),
  node: text(),
  pins: pins(),
  diff: diff(),
  find: text(),
  eye: eye(),
} as const
