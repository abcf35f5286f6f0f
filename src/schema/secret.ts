import { WeirError } from '../model/errors.ts'
import { Complaint } from './complaint.ts'

type Source = 'env' | 'file' | 'literal'

/** `env:NAME`, `file:/path`, or the value itself. Strings, JSON and inspection show the reference, or `***`. */
export class Secret {
  readonly source: Source
  readonly #name: string

  private constructor(source: Source, name: string) {
    this.source = source
    this.#name = name
  }

  static parse(this: void, written: string): Secret | Complaint {
    const match = /^(env|file):(.*)$/s.exec(written)
    if (written === '') return new Complaint('expected a secret, got an empty text', 'write `env:NAME` or `file:/path`')
    if (match === null) return new Secret('literal', written)
    const name = (match[2] ?? '').trim()
    if (match[1] === 'file') {
      return name === '' ? new Complaint('`file:` names no file', 'write `file:/path`') : new Secret('file', name)
    }
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return new Complaint('`env:` is not followed by the name of a variable', 'write `env:NAME`')
    }
    return new Secret('env', name)
  }

  static of(value: string): Secret {
    return new Secret('literal', value)
  }

  /** The value, without one trailing line end of a file. */
  reveal(env: Readonly<Record<string, string | undefined>>, readFile: (path: string) => string): string {
    if (this.source === 'literal') return this.#name
    if (this.source === 'env') {
      const value = env[this.#name]
      if (value !== undefined && value !== '') return value
      throw missing(`a secret refers to the environment variable ${this.#name}, which is not set`)
    }
    const value = readSecretFile(this.#name, readFile).replace(/\r?\n$/, '')
    if (value !== '') return value
    throw missing(`a secret refers to the file ${this.#name}, which is empty`)
  }

  /** Compares references; a reload compares configurations with this. */
  equals(secret: Secret): boolean {
    return this.source === secret.source && this.#name === secret.#name
  }

  toString(): string {
    return this.source === 'literal' ? '***' : `${this.source}:${this.#name}`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Secret(${this.toString()})`
  }
}

function readSecretFile(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path)
  } catch (cause) {
    throw missing(`a secret refers to the file ${path}, which cannot be read`, cause)
  }
}

function missing(message: string, cause?: unknown) {
  return new WeirError('WEIR_SECRET_MISSING', message, cause === undefined ? {} : { cause })
}
