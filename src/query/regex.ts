import { RE2JS } from 're2js'
import { messageOf } from '../model/errors.ts'

/** Limit of characters, and approximately of automaton states. */
const maxLength = 1000
const largest = 2000

class Refused extends Error {}

export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > maxLength) return `An expression has at most ${maxLength} characters.`
  try {
    const size = new Reader(pattern).whole()
    if (size > largest) return 'The expression repeats too much: its automaton would be too large.'
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const classes = new Set([
  'alnum',
  'alpha',
  'ascii',
  'blank',
  'cntrl',
  'digit',
  'graph',
  'lower',
  'print',
  'punct',
  'space',
  'upper',
  'word',
  'xdigit',
])
const escapesInClass = /[dDwWsSafnrtv]/
const escapes = /[dDwWsSafnrtvbBAz]/
const controls: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 }
const repeat = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/
const maxDepth = 50

/** Letters with a stable case mapping, and scripts without case. */
const settledRanges: readonly (readonly [number, number])[] = [
  [0, 0x7f],
  [0x80, 0x17f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x3040, 0x9fff],
  [0xac00, 0xd7a3],
]

class Reader {
  readonly #text: string
  readonly #ignoresCase: boolean
  #at = 0
  #depth = 0
  #copies = 1

  constructor(text: string) {
    this.#text = text
    this.#ignoresCase = /\(\?[imsU]*i/.test(text)
  }

  #see(from: number, to = from) {
    if (!this.#ignoresCase || settledRanges.some(([first, last]) => from >= first && to <= last)) return
    throw new Refused(
      '(?i) supports Latin, Greek and Cyrillic letters, and scripts without case: the case of others differs ' +
        'between versions of Unicode.',
    )
  }

  whole(): number {
    const size = this.#alternatives()
    if (this.#at < this.#text.length) throw new Refused('A ) has no ( before it.')
    return size
  }

  #alternatives(): number {
    let size = this.#sequence()
    while (this.#text[this.#at] === '|') {
      this.#at++
      size += this.#sequence() + 1
    }
    return size
  }

  #sequence() {
    let size = 0
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')')
      size += this.#repeated()
    return size
  }

  #repeated(): number {
    const before = this.#copies
    this.#copies = 1
    const size = this.#atom()
    const match = this.#repeatHere()
    const copies = this.#copies
    this.#copies = Math.max(before, copies)
    if (match === undefined) return size
    this.#at += match[0].length
    if (this.#repeatHere() !== undefined)
      throw new Refused('A repetition follows a repetition; group the first: (?:a+)*.')
    if (match[1] === undefined) return size + 1
    const [min, max] = [Number(match[1]), Number(match[3] === undefined || match[3] === '' ? match[1] : match[3])]
    if (min > 1000 || max > 1000 || max < min)
      throw new Refused('A repetition {n,m} ranges from 0 to 1000, the smaller number first.')
    if (copies * max > 1000) throw new Refused('Repetitions within repetitions make more than 1000 copies.')
    this.#copies = Math.max(before, copies * Math.max(1, max))
    return Math.max(1, size) * Math.max(1, max)
  }

  #repeatHere() {
    return repeat.exec(this.#text.slice(this.#at, this.#at + 16)) ?? undefined
  }

  #atom(): number {
    const character = this.#text[this.#at] ?? ''
    if (character === '(') return this.#group()
    if (character === '[') return this.#class()
    if (character === '\\') {
      this.#see(this.#escape(escapes))
      return 1
    }
    if (this.#repeatHere() !== undefined)
      throw new Refused(
        `The repetition ${character} has nothing to repeat; for the character itself write \\${character}.`,
      )
    this.#see(this.#character())
    return character === '.' ? 4 : 1
  }

  #character() {
    const code = this.#text.codePointAt(this.#at) ?? 0
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #group(): number {
    if (++this.#depth > maxDepth) throw new Refused(`Groups nest deeper than ${maxDepth}.`)
    this.#at++
    const groupOptions = /^\?[imsU]*(?:-[imsU]+)?([:)])/.exec(this.#text.slice(this.#at))
    if (groupOptions !== null) {
      if (groupOptions[0] === '?)') throw new Refused('(?) is no group.')
      this.#at += groupOptions[0].length
      if (groupOptions[1] === ')') {
        this.#depth--
        if (this.#repeatHere() !== undefined) throw new Refused('A flag cannot be repeated.')
        return 0
      }
    } else if (this.#text[this.#at] === '?')
      throw new Refused(
        'Look-around and named groups are not supported; a group is (…) or (?:…), flags are (?i), (?m), (?s).',
      )
    const size = this.#alternatives()
    if (this.#text[this.#at] !== ')') throw new Refused('A ( is not closed.')
    this.#at++
    this.#depth--
    return size + 2
  }

  #class(): number {
    this.#at++
    if (this.#text[this.#at] === '^') this.#at++
    let size = 4
    for (let first = true; ; first = false) {
      const character = this.#text[this.#at]
      if (character === undefined) throw new Refused('A [ is not closed.')
      if (character === ']' && !first) break
      size++
      this.#classItem(character)
    }
    this.#at++
    return size
  }

  #classItem(here: string) {
    const namedClass = /^\[:\^?(\w*):\]/.exec(this.#text.slice(this.#at))
    if (namedClass !== null) {
      if (!classes.has(namedClass[1] ?? ''))
        throw new Refused(`Unknown class [:${namedClass[1]}:]; use one of ${[...classes].join(', ')}.`)
      this.#at += namedClass[0].length
      return
    }
    if (here === '[' && /^\[[:.=]/.test(this.#text.slice(this.#at)))
      throw new Refused('A class has a name: [:alpha:]. For the character [ write \\[.')
    const from = here === '\\' ? this.#escape(escapesInClass) : this.#character()
    this.#see(from)
    // Regex engines interpret other hyphens in a class differently.
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') return
    if (here === '\\' && /[dDwWsS]/.test(this.#text[this.#at - 1] ?? ''))
      throw new Refused('A range needs a character at both ends; write a hyphen as \\-.')
    this.#at++
    const end = this.#text[this.#at]
    if (end === undefined) throw new Refused('A [ is not closed.')
    if (end === '\\' && /[dDwWsS]/.test(this.#text[this.#at + 1] ?? ''))
      throw new Refused('A range needs a character at both ends; write a hyphen as \\-.')
    const rangeEnd = end === '\\' ? this.#escape(escapesInClass) : this.#character()
    if (rangeEnd < from) throw new Refused('A range must begin with the lower character.')
    this.#see(from, rangeEnd)
  }

  /** Code of an escaped character; 0 for a class or an assertion. */
  #escape(meanings: RegExp): number {
    const next = this.#text[this.#at + 1]
    if (next === undefined)
      throw new Refused('The expression ends in a backslash; for the character itself write \\\\.')
    const hex = /^\\x(?:[0-9a-f]{2}|\{([0-9a-f]{1,6})\})/i.exec(this.#text.slice(this.#at))
    if (hex !== null) {
      const code = Number.parseInt(hex[1] ?? hex[0].slice(2), 16)
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Refused(`${hex[0]} is not a character.`)
      this.#at += hex[0].length
      return code
    }
    if (next === 'p' || next === 'P')
      throw new Refused('Unicode classes (\\p) depend on the version; write the characters, as in [a-zäöü].')
    if (/[1-9]/.test(next)) throw new Refused('Back references are not supported.')
    if (!meanings.test(next) && !/[!-/:-@[-`{-~]/.test(next)) throw new Refused(`\\${next} has no meaning here.`)
    this.#at += 2
    return controls[next] ?? (/[A-Za-z]/.test(next) ? 0 : (next.codePointAt(0) ?? 0))
  }
}
