import type { Clock, Timer, Timers } from '../host/index.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { formatJson, formatText, levels, plainFields, type Level, type LogRecord } from './log-record.ts'
import type { Log, Metrics, Receiver, Sender } from './ports.ts'

export type { Level, LogRecord } from './log-record.ts'

export type LogWriter = (record: LogRecord) => void

export type LogOptions = Readonly<{
  clock: Clock
  timers: Timers
  write: LogWriter
  level?: Level
  metrics?: Metrics
}>

/** Identical lines written within one window; further ones are counted. */
const maxRepeats = 5
const windowMs = 10_000
const maxRemembered = 1000
const envelope = 'weir:log'

interface Repeats {
  seen: number
  held: number
  last: LogRecord | undefined
  readonly timer: Timer
}

/** On standard error. Not pino: loading it takes 10 to 15 ms of a start. */
export class ProgramLog implements Log {
  readonly #options: LogOptions
  readonly #from: number
  readonly #repeats: Map<string, Repeats>
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(
    options: LogOptions,
    fields: Readonly<Record<string, unknown>> = {},
    repeats = new Map<string, Repeats>(),
  ) {
    this.#options = options
    this.#from = levels.indexOf(options.level ?? 'info')
    this.#fields = fields
    this.#repeats = repeats
  }

  with(fields: Readonly<Record<string, unknown>>): ProgramLog {
    return new ProgramLog(this.#options, { ...this.#fields, ...fields }, this.#repeats)
  }

  debug(message: string, fields?: Record<string, unknown>): void {
    this.#log('debug', message, fields)
  }
  info(message: string, fields?: Record<string, unknown>): void {
    this.#log('info', message, fields)
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.#log('warn', message, fields)
  }
  error(message: string, fields?: Record<string, unknown>): void {
    this.#log('error', message, fields)
  }

  flush(): void {
    for (const key of this.#repeats.keys()) this.#logRepeats(key)
  }

  #log(level: Level, message: string, fields: Record<string, unknown> = {}) {
    this.#options.metrics?.count('weir_log_lines_total', 1, { level })
    if (levels.indexOf(level) < this.#from) return
    const record = {
      time: this.#options.clock.now(),
      level,
      message: withoutUrlSecrets(message),
      fields: plainFields({ ...this.#fields, ...fields }),
    }
    const key = `${level} ${message} ${JSON.stringify(this.#fields)}`
    const repeats = this.#repeats.get(key) ?? this.#remember(key)
    if (++repeats.seen <= maxRepeats) {
      this.#options.write(record)
      return
    }
    repeats.held++
    repeats.last = record
  }

  #remember(key: string): Repeats {
    const [oldest] = this.#repeats.keys()
    if (this.#repeats.size >= maxRemembered && oldest !== undefined) this.#logRepeats(oldest)
    const repeats = {
      seen: 0,
      held: 0,
      last: undefined,
      timer: this.#options.timers.after(windowMs, () => this.#logRepeats(key)),
    }
    this.#repeats.set(key, repeats)
    return repeats
  }

  #logRepeats(key: string) {
    const repeats = this.#repeats.get(key)
    if (repeats === undefined) return
    repeats.timer.cancel()
    this.#repeats.delete(key)
    const { held, last } = repeats
    if (last === undefined) return
    this.#options.write({
      ...last,
      time: this.#options.clock.now(),
      fields: { ...last.fields, repeated: `${held} times` },
    })
  }
}

export function lineWriter(write: (line: string) => unknown, format: 'text' | 'json' = 'text'): LogWriter {
  const form = format === 'json' ? formatJson : formatText
  return (record) => void write(`${form(record)}\n`)
}

export function forwardLog(port: Sender): LogWriter {
  return (record) => port.postMessage({ is: envelope, record })
}

export function collectLog(port: Receiver, write: LogWriter): void {
  port.on('message', (message) => {
    if (
      typeof message === 'object' &&
      message !== null &&
      'is' in message &&
      message.is === envelope &&
      'record' in message
    ) {
      write(message.record as LogRecord)
    }
  })
}
