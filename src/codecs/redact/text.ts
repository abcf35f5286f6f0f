import { parseRaw } from '../../model/exact-json.ts'
import { commandTrigger, redactCommands } from './commands.ts'
import { suspicionOf, type Suspicion } from './names.ts'
import { mayHaveShape, redactShapes, shapeTrigger, type Mask } from './shapes.ts'
import { isSecretValue, looksRandom } from './values.ts'
import { below, embeddedSecrets, flowList, lineEnd, lineStart, quotedEnd, type Range } from './layout.ts'
import { parsedJson } from '../../model/json.ts'

type TextOptions = Readonly<{
  mask: Mask
  more?: RegExp | undefined
  /** Redacts parsed JSON. Returns undefined if nothing changed. */
  structure?: (value: unknown) => unknown
}>

const words =
  'pass|pwd|\\bpw\\b|kennwort|secret|token|cred|auth|key|bearer|dsn|psk|jwt|hmac|connection|conn_?str|salt|cookie|signature|\\bsig|\\bseed|licen[cs]e|mnemonic|\\bsas\\b'
const nameSign = /[\w.-]/
const maxName = 100
const maxValue = 65_536
const maxHarmlessLength = 200
const maxHarmless = 10_000
const inlineEnd = /[\s"'`;&|<>)}\]]|,(?=\s|[\w.-]+[=:])|\\["'n]/
const directive =
  /^(?:password|passwd|passphrase|secret|requirepass|masterauth|insecure-password|auth-pass|user-password|token|api[-_]?key)$/i

export class TextRedactor {
  readonly #mask: Mask
  readonly #more: RegExp | undefined
  readonly #structure: TextOptions['structure']
  readonly #trigger: RegExp
  readonly #quick: RegExp
  /** Short texts without secrets, as two generations of a cache. */
  #harmless = new Set<string>()
  #harmlessBefore = new Set<string>()
  readonly #word: RegExp

  constructor({ mask, more, structure }: TextOptions) {
    this.#mask = mask
    this.#more = more
    this.#structure = structure
    const names = more === undefined ? words : `${words}|${more.source}`
    this.#trigger = new RegExp(names, 'i')
    this.#word = new RegExp(names, 'gi')
    this.#quick = new RegExp(`${names}|${commandTrigger.source}|://[^@\\s]{0,600}@|${shapeTrigger.source}`, 'i')
  }

  suspicionOf(name: string): Suspicion {
    return this.#more?.test(name) === true ? 'password' : suspicionOf(name)
  }

  redact(text: string): string {
    if (text.length < 6) return text
    if (text.length > maxHarmlessLength) return this.#quick.test(text) ? this.#looked(text) : text
    if (this.#harmless.has(text)) return text
    const redacted = this.#harmlessBefore.has(text) || !this.#quick.test(text) ? text : this.#looked(text)
    if (redacted !== text) return redacted
    if (this.#harmless.size >= maxHarmless) {
      this.#harmlessBefore = this.#harmless
      this.#harmless = new Set()
    }
    this.#harmless.add(text)
    return text
  }

  #looked(text: string): string {
    const [named, shaped] = [this.#trigger.test(text), mayHaveShape(text)]
    const first = /^\s*([[{])/.exec(text)?.[1]
    if (first !== undefined && this.#structure !== undefined) {
      const parsed = parsedJson(text)
      if (parsed !== undefined) {
        const redactedJson = this.#structure(parsed)
        return redactedJson === parsed
          ? text
          : JSON.stringify(this.#structure(parseRaw(text)), undefined, /^\s*[[{]\r?\n([ \t]+)/.exec(text)?.[1])
      }
    }
    let redacted = shaped ? redactShapes(text, this.#mask) : text
    if (named) {
      redacted = embeddedSecrets(redacted, this.#mask)
      redacted = this.#named(redacted)
    }
    return redactCommands(redacted, this.#mask)
  }

  #named(text: string): string {
    const isNetrc = /(?:^|\s)(?:machine\s+\S+|default)\s+(?:login|account|password)\s/.test(text)
    let [safe, copied] = ['', 0]
    const word = this.#word
    word.lastIndex = 0
    for (let match = word.exec(text); match !== null; match = word.exec(text)) {
      if (match[0] === '') {
        word.lastIndex++
        continue
      }
      let [from, to] = [match.index, match.index + match[0].length]
      const lowest = Math.max(copied, from - maxName)
      while (from > lowest && nameSign.test(text[from - 1] ?? '')) from--
      const highest = Math.min(text.length, to + maxName)
      while (to < highest && nameSign.test(text[to] ?? '')) to++
      word.lastIndex = Math.max(to, word.lastIndex)
      const nameText = text.slice(from, to)
      const name = nameText.replace(/^[-.]+|[-.]+$/g, '')
      const suspicion = this.suspicionOf(name)
      if (suspicion === 'none') continue
      for (const { start, end, prefix = '' } of this.#values(text, {
        from,
        to: from + nameText.replace(/[-.]+$/, '').length,
        name,
        suspicion,
        isNetrc,
      })) {
        if (start < copied || end <= start) continue
        safe += text.slice(copied, start) + prefix + this.#mask(text.slice(start, end))
        copied = end
        word.lastIndex = Math.max(end, word.lastIndex)
      }
    }
    return copied === 0 ? text : safe + text.slice(copied)
  }

  #values(text: string, at: Named): Range[] {
    const { from, to, suspicion } = at
    const close = /\\{0,3}["']?/y
    close.lastIndex = to
    const after = to + (close.exec(text)?.[0] ?? '').length
    const judge = (range: Range | undefined) =>
      range !== undefined && isSecretValue(text.slice(range.start, range.end), suspicion) ? [range] : []
    // `<password>X</password>`, `name="password" value="X"`, `- name: password` above `value: X`.
    const opened = text[from - 1] ?? ''
    if (opened === '<' && /^(?:\s[^<>]*)?>/.test(text.slice(to, to + 200)))
      return judge(valueUntil(text, text.indexOf('>', to) + 1, '<'))
    if (opened === '>' && text[to] === '<') {
      const pair = /<\/[\w:-]+>\s*<(?:\w+:)?(?:value|string)>/y
      pair.lastIndex = to
      const gap = pair.exec(text)
      return gap === null ? [] : judge(valueUntil(text, to + gap[0].length, '<'))
    }
    // `${PASSWORD:-X}`, and `${PASSWORD:?not set}`, which has no value.
    if (opened === '{' && text[from - 2] === '$') {
      const fallback = /:?[-=]|:(?![?+])/y
      fallback.lastIndex = to
      const sign = fallback.exec(text)
      return sign === null ? [] : judge(valueUntil(text, to + sign[0].length, '}'))
    }
    const pair =
      /[ \t]{0,8},?[ \t]{0,8}\r?\n?[ \t]{0,60}(?:\\{0,3}["'])?value(?:\\{0,3}["'])?[ \t]{0,8}[:=][ \t]{0,8}/iy
    pair.lastIndex = after
    const gap = pair.exec(text)
    if (gap !== null) return judge(scalar(text, after + gap[0].length))
    if (opened === '"' && text[after] === '>') return judge(valueUntil(text, after + 1, '<'))
    const argument = argumentOf(text, from, after)
    if (argument !== undefined) return judge(argument)
    const separator = /\]?[ \t]{0,60}(=>|[:?+]?=(?![=~])|:(?!:|\/\/))[ \t]{0,200}/y
    separator.lastIndex = after
    const sign = separator.exec(text)
    if (sign !== null && !(sign[1] === ':' && opened === '/') && !/[!<>]$/.test(text.slice(after, after + 1)))
      return this.#assigned(text, at, { from: after, to: after + sign[0].length, sign: sign[1] ?? '' }, judge)
    return this.#apart(text, at, after, judge)
  }

  #assigned(
    text: string,
    { from, suspicion }: Named,
    { from: after, to: start, sign }: Separator,
    judge: (range: Range | undefined) => Range[],
  ): Range[] {
    const begin = lineStart(text, from)
    const head = text.slice(begin, from)
    const isFirst = /^[ \t]*(?:-[ \t]+|export[ \t]+|set[ \t]+|ENV[ \t]+|[#;%][ \t]*|env\.)?["']?$/.test(head)
    const end = lineEnd(text, start)
    const lineRest = text.slice(start, end).trimEnd()
    const strong = suspicion === 'certain' || suspicion === 'password' || suspicion === 'reference'
    if (isFirst && sign === ':') {
      const scalarSign = /^(?:&\w+[ \t]+|!!?\w*[ \t]+)?[|>][+-]?\d?[+-]?(?:[ \t]+#.*)?$/.test(lineRest)
      const column = head.replace(/["']$/, '').length
      if (scalarSign || lineRest === '' || lineRest.startsWith('#')) {
        const { items, block } = below(text, end, column, scalarSign ? 'scalar' : 'any')
        if (block !== undefined && (strong || !block.text.trim().includes('\n') || suspicion === 'weak'))
          return isSecretValue(block.text.replaceAll(/\n[ \t]*/g, suspicion === 'weak' ? '' : '\n'), suspicion)
            ? [{ start: block.start, end: block.end, prefix: block.prefix }]
            : []
        return strong ? items.filter((item) => isSecretValue(text.slice(item.start, item.end), suspicion)) : []
      }
    }
    const first = text[start] ?? ''
    if (first === '[' && strong && text[start + 1] !== '{') return flowList(text, start, end).flatMap(judge)
    const quotedRange = quotedEnd(text, start)
    if (quotedRange !== undefined) return judge(quotedRange)
    // Quotes around name and value: `-H "X-Api-Key: X"`.
    const openQuote = text[from - 1] ?? ''
    if ((openQuote === '"' || openQuote === "'") && text[after - 1] !== openQuote) {
      const close = text.slice(start, Math.min(end, start + maxValue)).indexOf(openQuote)
      if (close !== -1) return judge({ start, end: start + close })
    }
    if (isFirst) {
      const valueText = lineRest.replace(/[ \t]+#.*$/, '').replace(/[ \t]*[;,]$/, '')
      let last = start + valueText.length
      // A line that ends in `\` continues on the next line.
      while (text[last - 1] === '\\' && text[last] !== undefined) last = lineEnd(text, last + 1)
      const blockBelow = sign === ':' ? below(text, end, head.length, 'scalar').block : undefined
      if (
        blockBelow !== undefined &&
        strong &&
        !/(?:^|\n)[ \t]*(?:[\w.-]+|"[^"]*"):(?:\s|$)|(?:^|\n)[ \t]*[-#]/.test(blockBelow.text)
      )
        last = blockBelow.end
      return judge({ start, end: last })
    }
    const value = scalar(text, start)
    // A sentence such as `the API key is secret: it is shown once` has no secret value.
    const isSentence = value !== undefined && sign === ':' && /^ [a-z]/.test(text.slice(value.end, value.end + 2))
    return isSentence && !isSecretValue(text.slice(value.start, value.end), 'likely') ? [] : judge(value)
  }

  /** `--token X`, `password X` of a .netrc, and random-looking values shortly after the name. */
  #apart(
    text: string,
    { from, name, suspicion, isNetrc }: Named,
    after: number,
    judge: (range: Range | undefined) => Range[],
  ): Range[] {
    if (suspicion === 'weak') return []
    const space = /[ \t]{1,60}(?:\\\r?\n[ \t]{0,60})?|(?:[ \t]{0,60}\r?\n[ \t]{0,60})/y
    space.lastIndex = after
    const gap = space.exec(text)
    if (gap === null) return []
    const start = after + gap[0].length
    const sameLine = !gap[0].includes('\n') || gap[0].includes('\\')
    const begin = lineStart(text, from)
    const head = text.slice(begin, from)
    if (text[from] === '-') return sameLine && text[start] !== '-' ? judge(scalar(text, start)) : []
    if (isNetrc && /^passw/i.test(name)) return judge(scalar(text, start))
    if (!sameLine) return []
    const value = scalar(text, start)
    if (value !== undefined && /(?:set_header|add_header|header)[ \t]+["']?$/i.test(head)) return judge(value)
    if (
      value !== undefined &&
      directive.test(name) &&
      /^[ \t]*(?:set[ \t]+|config set[ \t]+)?$/i.test(head) &&
      /^["']?[ \t]*;?[ \t]*(?:#.*)?$/.test(text.slice(value.end, lineEnd(text, start)))
    )
      return isSecretValue(
        text.slice(value.start, value.end),
        /^(?:requirepass|masterauth)$/.test(name) ? 'password' : 'likely',
      )
        ? [value]
        : []
    const random = /^[^\n]{0,40}?(?<![\w+/=.~-])([\w+/=.~-]{16,})/.exec(text.slice(start, start + 1000))
    if (random === null) return []
    const candidate = random[1] ?? ''
    const index = start + random[0].length - candidate.length
    return looksRandom(candidate) ? [{ start: index, end: index + candidate.replace(/\.$/, '').length }] : []
  }
}

const setters =
  'define|putenv|[sgSG]etenv|SetEnvironmentVariable|[sg]etProperty|setdefault|ini_set|(?:add|update)_option|put|' +
  'store|set|get|fetch|env|config'
const setter = new RegExp(String.raw`\b(?:${setters})[ \t]*\([ \t]*$`)

/** Maximum characters of a value before the name of its setting. */
const maxFallback = 500

/** `define('DB_PASSWORD', 'X')`, `.Values.password | default "X"`, `default "X" .Values.password`. */
function argumentOf(text: string, from: number, after: number): Range | undefined {
  const openQuote = text[from - 1] ?? ''
  const begin = lineStart(text, from)
  const head = text.slice(Math.max(begin, from - maxName), from)
  if ((openQuote === '"' || openQuote === "'") && text[after - 1] === openQuote && setter.test(head.slice(0, -1))) {
    const comma = /[ \t]{0,8},[ \t]{0,60}\r?\n?[ \t]{0,60}/y
    comma.lastIndex = after
    const gap = comma.exec(text)
    return gap === null ? undefined : quotedEnd(text, after + gap[0].length)
  }
  const piped = /[ \t]{0,8}\|[ \t]{0,8}default[ \t]{1,8}/y
  piped.lastIndex = after
  const pipe = piped.exec(text)
  if (pipe !== null) return quotedEnd(text, after + pipe[0].length)
  if (!/[ \t.$]/.test(openQuote)) return undefined
  const fallback = /\bdefault[ \t]+(["'])((?:(?!\1)[^\\\n])+)\1[ \t]+[.$]?$/.exec(
    text.slice(Math.max(begin, from - maxFallback), from),
  )
  if (fallback === null) return undefined
  const end = from - (fallback[0].length - fallback[0].lastIndexOf(fallback[1] ?? ''))
  return { start: end - (fallback[2]?.length ?? 0), end }
}

type Named = Readonly<{
  from: number
  to: number
  name: string
  suspicion: Suspicion
  isNetrc: boolean
}>

/** The separator between a name and its value. */
type Separator = Readonly<{ from: number; to: number; sign: string }>

function valueUntil(text: string, start: number, sign: string): Range | undefined {
  const cdata = text.startsWith('<![CDATA[', start)
  const from = cdata ? start + 9 : start
  const end = text.slice(from, from + maxValue).indexOf(cdata ? ']]>' : sign)
  return { start: from, end: end === -1 ? Math.min(text.length, from + maxValue) : from + end }
}

/** Range of a quoted value, or of one word. */
function scalar(text: string, start: number): Range | undefined {
  const quotedRange = quotedEnd(text, start)
  if (quotedRange !== undefined) return quotedRange
  // A substitution `$(…)` or `${…}` is one word.
  const openSign = /\$[({]/y
  openSign.lastIndex = start
  if (openSign.test(text)) {
    const close = text.slice(start, start + maxName).indexOf(text[start + 1] === '(' ? ')' : '}')
    if (close !== -1) return { start, end: start + close + 1 }
  }
  const valueRest = text.slice(start, start + maxValue)
  const length = valueRest.search(inlineEnd)
  return length === 0 || valueRest === ''
    ? undefined
    : { start, end: start + (length === -1 ? valueRest.length : length) }
}
