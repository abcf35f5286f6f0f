import { fragmentOf, type ByteBuffer, type Fragment, type RowWriter } from '../../model/byte-buffer.ts'
import { isPresent, type Column, type TimeColumn } from '../../model/columns.ts'
import type { QuotedTexts } from './texts.ts'
import { isoTime } from './time.ts'

export type Put = (row: number, out: ByteBuffer) => boolean

const quote = 34
const comma = 44
const open = 91
const close = 93

export function columnPut(column: Column, texts: QuotedTexts): Put {
  switch (column.kind) {
    case 'u8':
    case 'u16':
    case 'u32': {
      const { values } = column
      return presentPut(column.valid, (row, out) => {
        out.u32(values[row] ?? 0)
        return true
      })
    }
    case 'i32': {
      const { values } = column
      return presentPut(column.valid, (row, out) => {
        out.i32(values[row] ?? 0)
        return true
      })
    }
    case 'f64': {
      const { values } = column
      return presentPut(column.valid, (row, out) => {
        const value = values[row] ?? Number.NaN
        if (!Number.isFinite(value)) return false
        out.utf8(String(value))
        return true
      })
    }
    case 'time':
      return presentPut(column.valid, timePut(column))
    case 'u64': {
      const { words } = column
      return presentPut(column.valid, (row, out) => {
        const [low, high] = [words[2 * row] ?? 0, words[2 * row + 1] ?? 0]
        // Beyond 2^53 as a text.
        if (high >= 0x200000) out.byte(quote)
        out.u64(low, high)
        if (high >= 0x200000) out.byte(quote)
        return true
      })
    }
    case 'mac': {
      const { words } = column
      return presentPut(column.valid, (row, out) => {
        out.byte(quote)
        out.mac(words[2 * row] ?? 0, words[2 * row + 1] ?? 0)
        out.byte(quote)
        return true
      })
    }
    case 'ip': {
      const { words } = column
      return presentPut(column.valid, (row, out) => {
        out.byte(quote)
        out.ip(words, 4 * row)
        out.byte(quote)
        return true
      })
    }
    case 'dict': {
      const { codes } = column
      return (row, out) => {
        const code = codes[row] ?? 0
        if (code === 0) return false
        out.fragment(texts.of(code))
        return true
      }
    }
    case 'json': {
      const { codes } = column
      return (row, out) => {
        const text = texts.dictionary[codes[row] ?? 0] ?? ''
        if (text === '') return false
        out.utf8(text)
        return true
      }
    }
    case 'list<u8>': {
      const { offsets, items } = column
      return listPut(offsets, (item, out) => out.u32(items[item] ?? 0))
    }
    case 'list<dict>': {
      const { offsets, items } = column
      return listPut(offsets, (item, out) => out.fragment(texts.of(items[item] ?? 0)))
    }
  }
}

export function presentPut(valid: Uint8Array | undefined, put: Put): Put {
  return valid === undefined ? put : (row, out) => isPresent(valid, row) && put(row, out)
}

export function cachedPut(of: (row: number) => number, make: (value: number) => string): Put {
  const cache = new Map<number, Fragment>()
  return (row, out) => {
    const value = of(row)
    let text = cache.get(value)
    if (text === undefined) cache.set(value, (text = fragmentOf(make(value))))
    if (text.length > 0) out.fragment(text)
    return text.length > 0
  }
}

function listPut(offsets: Uint32Array, item: (item: number, out: ByteBuffer) => void): Put {
  return (row, out) => {
    const from = offsets[row] ?? 0
    const to = offsets[row + 1] ?? from
    if (from === to) return false
    out.byte(open)
    for (let at = from; at < to; at++) {
      if (at > from) out.byte(comma)
      item(at, out)
    }
    out.byte(close)
    return true
  }
}

/** Rows of neighbouring times mostly share the second. */
function timePut({ values }: TimeColumn): Put {
  let [last, text]: [number, Fragment | undefined] = [Number.NaN, undefined]
  return (row, out) => {
    const ms = values[row] ?? Number.NaN
    const second = Math.floor(ms / 1000)
    if (second !== last) {
      const iso = isoTime(second * 1000)
      ;[last, text] = [second, iso === '' ? undefined : fragmentOf(`"${iso.slice(0, -4)}`)]
    }
    if (text === undefined) return false
    out.fragment(text)
    out.padded(Math.floor(ms - second * 1000), 3)
    out.byte(90)
    out.byte(quote)
    return true
  }
}

export type Member = Readonly<{
  /** Quoted, with a colon. */
  key: string
  put: Put
}>

export function objectPut(members: readonly Member[]): RowWriter {
  const keyed = members.map(({ key, put }) => ({ key: fragmentOf(`,${key}`), put }))
  return (row, out) => {
    const start = out.at
    for (let index = 0; index < keyed.length; index++) {
      const { key, put } = keyed[index] as Readonly<{ key: Fragment; put: Put }>
      const before = out.at
      out.fragment(key)
      if (!put(row, out)) out.at = before
    }
    if (out.at === start) out.byte(123)
    else out.bytes[start] = 123
    out.byte(125)
  }
}

export function rowTexts(write: RowWriter, out: ByteBuffer): (row: number) => string {
  return (row) => {
    out.at = 0
    write(row, out)
    return out.text()
  }
}
