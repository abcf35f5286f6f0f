import {
  accesses,
  collected,
  defaultAccess,
  defaults,
  stores,
  targets,
  type Access,
  type Choices,
  type Collected,
  type Store,
  type Target,
} from './choices.ts'
import { sinkForms, sinksOf } from './sink-urls.ts'

/** Resolves with the line, without its end. */
type ReadLine = (question: string) => Promise<string>

const named = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([name, meaning]) => `  ${name.padEnd(12)} ${meaning}\n`)
    .join('')

/** Five questions; the flags in `given` answer them. An empty answer takes the default in brackets. */
export async function promptChoices(
  readLine: ReadLine,
  complain: (text: string) => void,
  given: Partial<Choices>,
): Promise<Choices> {
  const repeat = async <T>(question: string, read: (line: string) => T): Promise<T> => {
    for (;;) {
      try {
        return read((await readLine(question)).trim())
      } catch (error) {
        // The error concerns the input, not the answer.
        if (!(error instanceof Error) || error instanceof TypeError) throw error
        complain(`${error.message}\n`)
      }
    }
  }
  const collect =
    given.collect ??
    (await repeat(`1/5 What to collect?\n${named(collected)}[${defaults.collect.join(' ')}] `, readCollected))
  const target =
    given.target ?? (await repeat(`2/5 Where does it run?\n${named(targets)}[${defaults.target}] `, readTarget))
  const [store, sinks] = await promptStorage(repeat, given)
  const usual = defaultAccess(target)
  const access =
    given.access ??
    (await repeat(`4/5 Which clients have access?\n${named(accesses)}[${usual}] `, (line) => readAccess(line, usual)))
  const [name, port] = await promptName(repeat, given)
  return { collect, target, store, sinks, access, name, port }
}

type Repeat = <T>(question: string, read: (line: string) => T) => Promise<T>

async function promptStorage(repeat: Repeat, given: Partial<Choices>): Promise<[Store, readonly string[]]> {
  if (given.store !== undefined && given.sinks !== undefined) return [given.store, given.sinks]
  const question =
    `3/5 Where to store and deliver?\n${named(stores)}` +
    `  URLs of sinks, separated by blanks: ${sinkForms.join(' ')}\n[parquet] `
  return repeat(question, (line) => {
    const words = line.split(/\s+/).filter((word) => word !== '')
    const sinks = words.filter((word) => !Object.hasOwn(stores, word))
    sinksOf(sinks)
    return [given.store ?? (words.includes('none') ? 'none' : 'parquet'), given.sinks ?? sinks] as const
  }) as Promise<[Store, readonly string[]]>
}

async function promptName(repeat: Repeat, given: Partial<Choices>): Promise<[string, number]> {
  if (given.name !== undefined && given.port !== undefined) return [given.name, given.port]
  return repeat(`5/5 Name and port of the console?\n[${defaults.name} ${defaults.port}] `, (line) => {
    const words = line.split(/\s+/).filter((word) => word !== '')
    const digits = words.find((word) => /^\d+$/.test(word))
    const name = words.find((word) => word !== digits)
    return [
      given.name ?? (name === undefined ? defaults.name : readName(name)),
      given.port ?? (digits === undefined ? defaults.port : readPort(digits)),
    ] as [string, number]
  })
}

function oneOf<T extends string>(options: Readonly<Record<T, string>>, word: string): T {
  if (Object.hasOwn(options, word)) return word as T
  throw new Error(`\`${word}\` is none of ${Object.keys(options).join(', ')}.`)
}

export function readCollected(line: string): readonly Collected[] {
  const words = line.split(/[\s,]+/).filter((word) => word !== '')
  return words.length === 0 ? defaults.collect : [...new Set(words.map((word) => oneOf(collected, word)))]
}

export function readTarget(line: string): Target {
  if (line === 'helm') return 'kubernetes'
  return line === '' ? defaults.target : oneOf(targets, line)
}

/** `registry.example.com/weir:0.1.0` */
export function readImage(text: string): string {
  if (/^[a-z0-9][\w.-]*(?::\d+)?(?:\/[a-z0-9][\w.-]*)*(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?$/.test(text))
    return text
  throw new Error(`\`${text}\` is not an image: write it as registry.example.com/weir:0.1.0.`)
}

function readAccess(line: string, otherwise: Access): Access {
  return line === '' ? otherwise : oneOf(accesses, line)
}

/** Also the name of a Helm release, a compose project and a cluster. */
export function readName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(text)) return text
  throw new Error(`\`${text}\` is not a name: use at most 40 lower-case letters, digits and \`-\`.`)
}

export function readPort(text: string): number {
  const port = Number(text)
  if (Number.isSafeInteger(port) && port > 0 && port < 65_535) return port
  throw new Error(`\`${text}\` is not a port from 1 to 65534; metrics use the next one.`)
}
