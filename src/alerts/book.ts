import type { Host } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'
import type { Log } from '../telemetry/ports.ts'
import { bookFile, type Content, type StoredRule } from './book-file.ts'
import { maxRules, nameHint, nameShape, type AlertRule } from './rule.ts'
import { refreshed, type WrittenRule } from './settings.ts'
import type { Silence } from './silences.ts'
import type { ReadRule, SettingFault, Settings } from './stored-rule.ts'

export type FileRule = Readonly<{ name: string; written: WrittenRule; file: string; line: number }>

/** A rule as users see it. */
export type KnownRule = Readonly<{
  name: string
  settings: Settings
  /** Place of the rule in the configuration, or its user and time (Unix ms). */
  origin: Readonly<{ is: 'file'; file: string; line: number }> | Readonly<{ is: 'api'; by: string; changed: number }>
  /** Why the rule is not evaluated. */
  problem?: string
}>

type RefusalCode =
  | 'WEIR_API_ALERT_RULES'
  | 'WEIR_API_CONFLICT'
  | 'WEIR_API_FORBIDDEN'
  | 'WEIR_API_INVALID'
  | 'WEIR_API_LIMIT'
  | 'WEIR_API_NOT_FOUND'

export class AlertRefusal extends Error {
  readonly code: RefusalCode
  readonly hints: readonly string[]
  constructor(code: RefusalCode, message: string, hints: readonly string[] = []) {
    super(message)
    this.code = code
    this.hints = hints
  }
}

export type BookParts = Readonly<{
  host: Pick<Host, 'clock' | 'disk' | 'random'>
  log: Log
  /** Undefined: rules are in the configuration only. */
  folder: string | undefined
  fileRules: () => readonly FileRule[]
  /** Whether a sink is Alertmanager, which needs repeated alerts. */
  refreshes: () => 'refresh' | 'once'
  /** Called when rules or silences may have changed. */
  onChange: () => void
}>

export type PutRule = Readonly<{ name: string; settings: Settings; before: string | undefined; by: string }>

const maxSilences = 500
const maxBytes = 4 * 1024 * 1024
/** Maximum duration of a silence. */
const longestMs = 366 * 86_400_000

/** Rules and silences of users. Changes are serialized, and durable when they resolve. */
export class AlertBook {
  readonly #parts: BookParts
  readonly #file: ReturnType<typeof bookFile> | undefined
  #content: Content = { rules: [], silences: [] }
  #read = new Map<string, ReadRule | readonly SettingFault[]>()
  /** True if the content may differ from the file. */
  #unread = true
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: BookParts) {
    this.#parts = parts
    this.#file = parts.folder === undefined ? undefined : bookFile(parts.host.disk, parts.folder)
  }

  /** A damaged file is reported, and the rules of the configuration are evaluated nevertheless. */
  async open(): Promise<void> {
    const problem = await this.#inTurn(() => this.#problem())
    if (problem !== undefined) this.#parts.log.error('Alert rules of users are not evaluated.', { error: problem })
  }

  /** The rules that are evaluated. Rules of the configuration take precedence. */
  rules(): readonly AlertRule[] {
    const refreshes = this.#parts.refreshes()
    const takenNames = new Set(this.#parts.fileRules().map(({ name }) => name))
    return this.#content.rules.flatMap(({ name }) => {
      const read = this.#read.get(name)
      if (read === undefined || !('rule' in read) || takenNames.has(name)) return []
      const { rule, written } = read
      return [refreshed(rule, written, refreshes)]
    })
  }

  /** The silences that are not over, and may thus apply. */
  silences(): readonly Silence[] {
    const now = this.#parts.host.clock.now()
    return this.#content.silences.filter(({ until }) => until > now)
  }

  async known(): Promise<Readonly<{ rules: readonly KnownRule[]; problem?: string }>> {
    const problem = this.#file === undefined ? undefined : await this.#inTurn(() => this.#problem())
    const { settingsOf } = await import('./stored-rule.ts')
    const files = this.#parts.fileRules()
    const fileRulesByName = new Map(files.map((rule) => [rule.name, rule]))
    return {
      ...(problem === undefined ? {} : { problem }),
      rules: [
        ...files.map(({ name, written, file, line }): KnownRule => ({
          name,
          settings: settingsOf(written),
          origin: { is: 'file', file, line },
        })),
        ...this.#content.rules.map(({ name, settings, by, changed }): KnownRule => {
          const read = this.#read.get(name)
          const file = fileRulesByName.get(name)
          const fault =
            file !== undefined
              ? `${placeText(file)} has a rule of the same name, which is evaluated instead.`
              : read !== undefined && !('rule' in read)
                ? faultText(read)
                : undefined
          return {
            name,
            settings: read !== undefined && 'rule' in read ? settingsOf(read.written) : settings,
            origin: { is: 'api', by, changed },
            ...(fault === undefined ? {} : { problem: fault }),
          }
        }),
      ],
    }
  }

  /** Creates the rule without `before`; otherwise replaces that version of the rule. */
  async put({ name, settings, before, by }: PutRule): Promise<StoredRule> {
    if (!nameShape.test(name))
      throw new AlertRefusal('WEIR_API_INVALID', `${JSON.stringify(name)} can't be the name of a rule.`, [nameHint])
    await this.compile(name, settings)
    return this.#change((content) => {
      this.#refuseFile(name)
      const existing = content.rules.find((rule) => rule.name === name)
      if (before === undefined && existing !== undefined)
        throw new AlertRefusal('WEIR_API_CONFLICT', `There already is an alert rule ${name}. Nothing was saved.`, [
          'Use another name, or state the version that this one replaces in `before`.',
        ])
      if (before !== undefined && existing?.changed !== Date.parse(before)) throw conflict(name)
      const otherRules = content.rules.filter((rule) => rule.name !== name)
      if (otherRules.length + this.#parts.fileRules().length >= maxRules)
        throw new AlertRefusal('WEIR_API_LIMIT', `The limit is ${maxRules} alert rules.`, ['Delete some.'])
      // The time differs for each version, also when the clock was set back.
      const changedAt = Math.max(this.#parts.host.clock.now(), (existing?.changed ?? 0) + 1)
      const rule: StoredRule = { name, settings, by, changed: changedAt }
      return { content: { ...content, rules: [...otherRules, rule] }, answer: rule }
    })
  }

  remove(name: string, before: string | undefined): Promise<void> {
    return this.#change((content) => {
      this.#refuseFile(name)
      const existing = content.rules.find((rule) => rule.name === name)
      if (existing === undefined) throw new AlertRefusal('WEIR_API_NOT_FOUND', `There is no alert rule ${name}.`)
      if (before !== undefined && existing.changed !== Date.parse(before)) throw conflict(name)
      const rules = content.rules.filter((rule) => rule.name !== name)
      const silences = content.silences.filter(({ rule }) => rule !== name)
      return { content: { rules, silences }, answer: undefined }
    })
  }

  silence({ rule, labels, until, reason, by }: Omit<Silence, 'id' | 'from'>): Promise<Silence> {
    return this.#change((content) => {
      const { clock, random } = this.#parts.host
      const from = clock.now()
      if (!(until > from))
        throw new AlertRefusal('WEIR_API_INVALID', 'The end of the silence is not after the current time.')
      if (until - from > longestMs) throw new AlertRefusal('WEIR_API_INVALID', 'A silence lasts a year at most.')
      const silences = content.silences.filter((silence) => silence.until > from)
      if (silences.length >= maxSilences)
        throw new AlertRefusal('WEIR_API_LIMIT', `The limit is ${maxSilences} silences.`, ['End some.'])
      const id = Buffer.from(random.bytes(8)).toString('hex')
      const silence: Silence = { id, rule, labels, from, until, reason, by }
      return { content: { ...content, silences: [...silences, silence] }, answer: silence }
    })
  }

  endSilence(rule: string, id: string): Promise<void> {
    return this.#change((content) => {
      const silences = content.silences.filter((silence) => silence.id !== id || silence.rule !== rule)
      if (silences.length === content.silences.length)
        throw new AlertRefusal('WEIR_API_NOT_FOUND', `Alert rule ${rule} has no silence ${id}.`)
      return { content: { ...content, silences }, answer: undefined }
    })
  }

  /** Throws WEIR_API_INVALID with every fault of the settings. */
  async compile(name: string, settings: Settings): Promise<ReadRule> {
    const { readRule, isRule } = await import('./stored-rule.ts')
    const read = readRule(name, settings)
    if (isRule(read)) return read
    throw new AlertRefusal(
      'WEIR_API_INVALID',
      faultText(read),
      read.flatMap(({ hint }) => (hint === undefined ? [] : [hint])),
    )
  }

  #refuseFile(name: string) {
    const file = this.#parts.fileRules().find((rule) => rule.name === name)
    if (file !== undefined)
      throw new AlertRefusal(
        'WEIR_API_FORBIDDEN',
        `Alert rule ${name} is in ${placeText(file)}, and is changed there.`,
        ['Save a changed copy under another name.'],
      )
  }

  #change<Answer>(change: (content: Content) => Readonly<{ content: Content; answer: Answer }>): Promise<Answer> {
    return this.#inTurn(async () => {
      const file = this.#file
      if (file === undefined)
        throw new AlertRefusal('WEIR_API_ALERT_RULES', 'This server stores no alert rules of users.', [
          'Write the rule in the configuration. With a journal on a bus, all rules are there.',
        ])
      const problem = await this.#problem()
      if (problem !== undefined)
        throw new AlertRefusal('WEIR_API_ALERT_RULES', `${problem} Nothing was changed.`, [
          `The file is ${file.path}: restore a copy, or move it away to start over.`,
        ])
      const { content, answer } = change(this.#content)
      if (JSON.stringify(content).length > maxBytes)
        throw new AlertRefusal('WEIR_API_LIMIT', `The size limit of all rules is ${maxBytes / 1024 / 1024} MiB.`)
      // After a failed write the content of the file is unknown.
      this.#unread = true
      await file.write(content)
      await this.#adopt(content)
      return answer
    })
  }

  #inTurn<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const result = this.#last.then(act)
    this.#last = result.catch(() => {})
    return result
  }

  /** Why the file cannot be read. Users may repair it while Weir runs. */
  async #problem(): Promise<string | undefined> {
    if (!this.#unread || this.#file === undefined) return undefined
    try {
      await this.#adopt(await this.#file.read())
      return undefined
    } catch (error) {
      return `The alert rules of users cannot be read: ${messageOf(error)}.`
    }
  }

  async #adopt(content: Content): Promise<void> {
    if (content.rules.length > 0) {
      const { readRule } = await import('./stored-rule.ts')
      this.#read = new Map(content.rules.map(({ name, settings }) => [name, readRule(name, settings)]))
    }
    this.#content = content
    this.#unread = false
    this.#parts.onChange()
  }
}

function placeText({ file, line }: FileRule): string {
  return `${file}, line ${line}`
}

function faultText(faults: readonly SettingFault[]): string {
  return faults.map(({ path, message }) => `${path === '' ? '' : `${path}: `}${message}.`).join(' ')
}

function conflict(name: string) {
  return new AlertRefusal(
    'WEIR_API_CONFLICT',
    `Alert rule ${name} was changed or deleted after it was loaded. Nothing was saved.`,
    ['Load it again and repeat the change, or save it under another name.'],
  )
}
