import type { Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { holderText, readHolder } from '../app/lock.ts'
import { messageOf } from '../model/errors.ts'

export type ExitCode = 1 | 2 | 70 | 78

/** `exit` is 2 for a wrong command line, 70 or 78 where another program defines these codes, otherwise 1. */
export class CommandError extends Error {
  readonly hints: readonly string[]
  readonly exit: ExitCode
  constructor(message: string, hints: readonly string[] = [], exit: ExitCode = 1) {
    super(message)
    this.name = 'CommandError'
    this.hints = hints
    this.exit = exit
  }
}

export type ServerFlags = Readonly<{
  url?: string
  data?: string
  tokenFile?: string
}>

export const defaultData = './weir-data'

export function withServerFlags(command: Command): Command {
  return command
    .option('--url <URL>', 'URL of the server: http://HOST:PORT')
    .option('--data <DIR>', `data folder of the server (default ${defaultData})`)
    .option(
      '--token-file <FILE>',
      'file with the bearer token (default: the variable WEIR_TOKEN, then the token generated in the data folder)',
    )
}

export function action<Args extends readonly unknown[]>(
  act: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await act(...args)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      self.stderr([`weir: ${error.message}`, ...error.hints.map((hint) => `      ${hint}`), ''].join('\n'))
      self.leave(error.exit)
    }
  }
}

export interface Server {
  readonly url: string
  /** Throws CommandError for any status except success and those in `also`. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown, also?: readonly number[]): Promise<Response>
  json<T>(method: 'GET' | 'POST', path: string, body?: unknown, also?: readonly number[]): Promise<T>
}

export async function findServer(flags: ServerFlags): Promise<Server | undefined> {
  if (flags.url !== undefined && flags.data !== undefined)
    throw new CommandError('--url and --data both select a server; use one of them.', [], 2)
  const given = await readToken(flags)
  if (flags.url !== undefined)
    return connect(checkUrl(flags.url), given, 'Start it with `npm start`, or check the address.')
  const data = flags.data ?? defaultData
  const token = given ?? (await generatedToken(data))
  const holder = readHolder(data)
  if (holder === undefined) return undefined
  if (holder.url === '')
    throw new CommandError(`The data folder ${data} belongs to ${holderText(holder)}.`, ['Try again in a moment.'])
  return connect(
    holder.url,
    token,
    `The data folder ${data} belongs to ${holderText(holder)}. In another container, run the command there, ` +
      'or give --url.',
  )
}

export async function requireServer(flags: ServerFlags): Promise<Server> {
  const server = await findServer(flags)
  if (server !== undefined) return server
  throw new CommandError(`No Weir runs on ${flags.data ?? defaultData}.`, [
    'Start it with `npm start`, or select another with --url or --data.',
  ])
}

async function readToken({ tokenFile }: ServerFlags): Promise<string | undefined> {
  if (tokenFile === undefined) return self.env['WEIR_TOKEN']
  try {
    return new TextDecoder().decode(await realHost().disk.readFile(tokenFile)).trim()
  } catch (error) {
    throw new CommandError(`The token file ${tokenFile} cannot be read: ${messageOf(error)}`, [], 2)
  }
}

async function generatedToken(data: string) {
  return realHost()
    .disk.readFile(`${data}/token`)
    .then(
      (bytes) => new TextDecoder().decode(bytes).trim(),
      () => undefined,
    )
}

function checkUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(`--url ${text} is not the address of a server.`, ['Use the form http://127.0.0.1:8080.'], 2)
  return text.replace(/\/+$/, '')
}

function connect(url: string, token: string | undefined, whenAway: string): Server {
  const ask: Server['ask'] = async (method, path, body, also = []) => {
    let answer: Response
    try {
      answer = await fetch(url + path, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      throw new CommandError(`No response from ${url}: ${reason(error)}.`, [whenAway])
    }
    if (!answer.ok && !also.includes(answer.status)) throw await problemOf(answer)
    return answer
  }
  return { url, ask, json: async <T>(...args: Parameters<Server['ask']>) => (await (await ask(...args)).json()) as T }
}

function reason(error: unknown) {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED') return 'connection refused'
  return messageOf(cause)
}

async function problemOf(answer: Response): Promise<CommandError> {
  const problem = (await answer.json().catch(() => ({}))) as { detail?: unknown; hints?: unknown }
  const detail =
    typeof problem.detail === 'string'
      ? problem.detail
      : `The server responded with ${answer.status} ${answer.statusText}.`
  const hints = Array.isArray(problem.hints) ? problem.hints.filter((hint) => typeof hint === 'string') : []
  return new CommandError(detail, hints)
}
