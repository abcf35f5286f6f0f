import { auto } from '../../../state/auto.ts'
import type { Part } from '../../../state/codec.ts'
import { flag, oneOf, text, textList } from '../../../state/parts.ts'
import { scopes, type Pins, type Scope } from '../../../parts/graph/scopes.ts'
import { isMoment } from '../../../state/range.ts'
import type { Eye } from '../../../parts/graph/paint.ts'

export { scopes, type Pins, type Scope } from '../../../parts/graph/scopes.ts'

export type TopologyState = Readonly<{
  scope: Scope | typeof auto
  more: boolean
  list: boolean
  node: string
  pins: Pins
  /** Comparison: one of {@link earlierTimes}, or the start as ISO 8601; empty: none. */
  diff: string
  find: string
  /** Groups that are one node each. */
  folds: readonly string[]
  /** Position of the threshold of edges, 0 to 100. */
  least: number
  /** Visible part; undefined: everything. */
  eye: Eye | undefined
}>

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

/** A whole number from 0 to 100. */
function percent(): Part<number> {
  return {
    usual: 0,
    read: (written) => (/^(?:\d{1,2}|100)$/.test(written) ? Number(written) : undefined),
    write: String,
  }
}

/** `x:y:k`: the centre in layout units and pixels per hundred units. */
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

/** `x:y:key;x:y:key` with escaped keys. */
function pins(): Part<Pins> {
  return {
    usual: {},
    read: (written) => {
      const pins: [string, readonly [number, number]][] = []
      for (const item of written.split(';')) {
        const [, x, y, key] = /^(-?\d{1,6}):(-?\d{1,6}):([^:;]+)$/.exec(item) ?? []
        if (key === undefined) return undefined
        try {
          pins.push([decodeURIComponent(key), [Number(x), Number(y)]])
        } catch {
          return undefined
        }
      }
      return Object.fromEntries(pins)
    },
    write: (value) =>
      Object.entries(value)
        .map(([key, [x, y]]) => `${Math.round(x)}:${Math.round(y)}:${encodeURIComponent(key)}`)
        .join(';'),
  }
}

export const topologyParts = {
  scope: oneOf([auto, ...scopes], auto),
  more: flag('off'),
  list: flag('off'),
  node: text(),
  pins: pins(),
  diff: diff(),
  find: text(),
  folds: textList(),
  least: percent(),
  eye: eye(),
} as const
