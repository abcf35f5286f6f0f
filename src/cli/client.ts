import type { Command } from 'commander'
import type { Response } from 'undici'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { holderText } from '../app/lock.ts'
import { messageOf } from '../model/errors.ts'
import { patientFetch } from '../net/http/patient-fetch.ts'
import { CommandError, ServerAway } from './command-error.ts'
import { connectionReason, defaultData, discover, existingPlace, type Part, type Target } from './discover.ts'
import { thisInstallation } from './installation.ts'
import { requestProgress } from './query-progress.ts'

export { CommandError, type ExitCode } from './command-error.ts'
export { defaultData } from './discover.ts'

export type ServerFlags = Readonly<{
  url?: string
  data?: string
  tokenFile?: string
}>

export function withServerFlags(command: Command): Command {
  return command
    .option('--url <URL>', 'URL of the server: http://HOST:PORT (WEIR_URL); not with --data')
    .option(
      '--data <DIR>',
      `data folder of the server (WEIR_DATA; default: ${defaultData}, then that of the installation)`,
    )
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

type Method = 'GET' | 'POST' | 'DELETE'

export interface Server {
  readonly url: string
  readonly token: string | undefined
  /** Throws CommandError for any status except success and those in `also`. */
  ask(method: Method, path: string, body?: unknown, also?: readonly number[]): Promise<Response>
  json<T>(method: Method, path: string, body?: unknown, also?: readonly number[]): Promise<T>
}

export async function requireServer(flags: ServerFlags): Promise<Server> {
  return serverAt(await discover(flags), flags)
}

/** The folder if no server runs on it. */
export async function findServer(flags: ServerFlags, part: Part): Promise<Server | string> {
  const target = await discover(flags, part)
  return target.kind === 'folder' ? target.data : serverAt(target, flags)
}

export async function serverAt(target: Target, flags: ServerFlags): Promise<Server> {
  switch (target.kind) {
    case 'url':
      return connect(target.url, await readToken(flags), {
        whenAway: `${thisInstallation().start} Or check the address (${target.origin}).`,
        whenRefused: await generatedTokenHint(),
      })
    case 'server': {
      const { data, holder } = target
      if (holder.url === '')
        throw new CommandError(`The data folder ${data} belongs to ${holderText(holder)}.`, ['Try again in a moment.'])
      return connect(holder.url, await tokenFor(flags, data), {
        whenAway:
          `The data folder ${data} belongs to ${holderText(holder)}. In another container, run the command there, ` +
          'or give --url.',
        whenRefused: [],
      })
    }
    case 'folder':
      throw new CommandError(`No Weir runs on ${target.data}.`, [thisInstallation().start])
  }
}

async function readToken({ tokenFile }: ServerFlags): Promise<string | undefined> {
  if (tokenFile === undefined) return self.env['WEIR_TOKEN'] || undefined
  try {
    return new TextDecoder().decode(await realHost().disk.readFile(tokenFile)).trim()
  } catch (error) {
    throw new CommandError(`The token file ${tokenFile} cannot be read: ${messageOf(error)}`, [], 2)
  }
}

/** For the server on the folder. */
export async function tokenFor(flags: ServerFlags, data: string): Promise<string | undefined> {
  return (await readToken(flags)) ?? (await generatedToken(data))
}

async function generatedToken(data: string) {
  return realHost()
    .disk.readFile(`${data}/token`)
    .then(
      (bytes) => new TextDecoder().decode(bytes).trim(),
      () => undefined,
    )
}

/** For a server that was found by its address. */
async function generatedTokenHint(): Promise<readonly string[]> {
  const { data, config } = await existingPlace()
  return config === undefined
    ? []
    : [`The token that the first start generated is in ${data}/token. With sudo, the command reads it there.`]
}

type Hints = Readonly<{
  whenAway: string
  /** Without a token. */
  whenRefused: readonly string[]
}>

function connect(url: string, token: string | undefined, { whenAway, whenRefused }: Hints): Server {
  const ask: Server['ask'] = async (method, path, body, also = []) => {
    let answer: Response
    const login: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const id = `cli-${Buffer.from(realHost().random.bytes(8)).toString('hex')}`
    const progress = requestProgress(url, login, id)
    try {
      answer = await patientFetch(url + path, {
        method,
        headers: { ...login, ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'x-query-id': id },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      throw new ServerAway(`No response from ${url}: ${connectionReason(error)}.`, [whenAway])
    } finally {
      progress.end()
    }
    if (!answer.ok && !also.includes(answer.status))
      throw await problemOf(answer, answer.status === 401 && token === undefined ? whenRefused : [])
    return answer
  }
  return {
    url,
    token,
    ask,
    json: async <T>(...args: Parameters<Server['ask']>) => (await (await ask(...args)).json()) as T,
  }
}

async function problemOf(answer: Response, more: readonly string[]): Promise<CommandError> {
  const problem = (await answer.json().catch(() => ({}))) as { detail?: unknown; hints?: unknown }
  const detail =
    typeof problem.detail === 'string'
      ? problem.detail
      : `The server responded with ${answer.status} ${answer.statusText}.`
  const hints = Array.isArray(problem.hints) ? problem.hints.filter((hint) => typeof hint === 'string') : []
  const kind = [429, 502, 503, 504].includes(answer.status) ? ServerAway : CommandError
  return new kind(detail, [...hints, ...more])
}
