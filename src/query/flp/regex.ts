import { RE2JS } from 're2js'
import type { QueryField } from '../names.ts'
import { regexProblem } from '../regex.ts'
import { test, type Meaning } from './meaning.ts'
import { FlpQueryProblem } from './tree.ts'

interface TextForm {
  /** Decoded flags are a list of names. */
  readonly flags: readonly (readonly [name: string, bit: number])[] | undefined
}

/** Ranges in one condition. */
const maxRanges = 1024

/** An absent field matches no expression. Throws FlpQueryProblem. */
export function matchesRegex(field: QueryField, key: string, pattern: string, { flags }: TextForm): Meaning {
  const problem = regexProblem(pattern)
  if (problem !== undefined) throw new FlpQueryProblem(`regular expression of ${key}: ${problem}`)
  const { name, kind } = field
  switch (kind) {
    case 'dict':
    case 'text':
      return test(name, '~', pattern)
    case 'list<dict>':
      return matchesList(name, key, pattern)
    case 'ip':
      return matchesAddress(name, key, pattern)
    case 'u8':
    case 'u16': {
      const written =
        name === 'tcp_flags' && flags !== undefined
          ? Array.from({ length: 2 ** flags.length }, (_, value) => flagText(value, flags))
          : name === 'conversation_first'
            ? ['false', 'true']
            : Array.from({ length: kind === 'u8' ? 256 : 65_536 }, (_, value) => String(value))
      return matchesSome(name, key, pattern, written)
    }
    case 'u32':
    case 'u64':
    case 'i32':
      return name === 'quic_version' ? unsupported(key, 'write `=`') : matchesNumbers(name, key, pattern)
    default:
      return unsupported(key, 'use another operator')
  }
}

function unsupported(key: string, advice: string): never {
  throw new FlpQueryProblem(
    `this regular expression of ${key} has no equivalent, because the field is no text: ${advice}`,
  )
}

function flagText(value: number, flags: readonly (readonly [name: string, bit: number])[]) {
  return `[${flags.flatMap(([name, bit]) => ((value & bit) === 0 ? [] : [name])).join(' ')}]`
}

/** flowlogs-pipeline matches the list as one text: `[eth0 eth1]`. */
function matchesList(name: string, key: string, pattern: string): Meaning {
  const plain = pattern.replaceAll(/\\[.-]/g, '')
  if (/^[\w-]+$/.test(plain === '' ? 'x' : plain) && pattern !== '') return test(name, '~', pattern)
  return unsupported(key, 'write a part of one element, without anchors')
}

function matchesSome(name: string, key: string, pattern: string, written: readonly string[]): Meaning {
  const expression = RE2JS.compile(pattern)
  const ranges: string[] = []
  let from = -1
  for (let value = 0; value <= written.length; value++) {
    const text = written[value]
    const matches = text !== undefined && expression.test(text)
    if (matches && from < 0) from = value
    if (!matches && from >= 0) {
      ranges.push(from === value - 1 ? String(from) : `${from}..${value - 1}`)
      from = -1
    }
  }
  if (ranges.length > maxRanges) return unsupported(key, 'compare numbers')
  return ranges.length > 0 && test(name, '=', ...ranges)
}

const wholeNumbers = /^\^(?:(\d+)|\((?:\?:)?(\d+(?:\|\d+)*)\))\$$/

function matchesNumbers(name: string, key: string, pattern: string): Meaning {
  const match = wholeNumbers.exec(pattern)
  if (match === null) return unsupported(key, 'compare numbers')
  const texts = (match[1] ?? match[2] ?? '').split('|').filter((text) => text === '0' || !text.startsWith('0'))
  return texts.length > 0 && test(name, '=', ...texts)
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const separator = '(?:\\\\\\.|\\[\\.\\])'
const addressStart = new RegExp(
  `^(?:(${octet}(?:${separator}${octet}){3})\\$|((?:${octet}${separator}){1,3})(?:\\.\\*\\$?)?)$`,
)

/** Anchored beginnings of IPv4 addresses, such as `^10\.` or `^(10\.|192\.168\.)`, become prefixes. */
function matchesAddress(name: string, key: string, pattern: string): Meaning {
  const [, plain, alternatives, closed = ''] =
    /^\^(?:([^()|]+)|\((?:\?:)?([^()]+)\)((?:\.\*)?\$?))$/.exec(pattern) ?? []
  const prefixes = (plain === undefined ? (alternatives ?? '').split('|').map((part) => part + closed) : [plain]).map(
    (text) => {
      const [, whole, start] = addressStart.exec(text) ?? []
      const written = (whole ?? start)?.replaceAll(/[^\d.]/g, '').replaceAll(/\.+/g, '.')
      if (written === undefined) return unsupported(key, 'write a beginning of addresses, such as "^10\\\\.1\\\\."')
      const octets = written.split('.').filter((part) => part !== '')
      return octets.length === 4
        ? octets.join('.')
        : `${[...octets, '0', '0', '0'].slice(0, 4).join('.')}/${octets.length * 8}`
    },
  )
  return test(name, '=', ...prefixes)
}
