/**
 * Where a command finds its server or data folder. Flags and variables select one; without them the first of
 * `./weir-data`, the folders of the installation and the default address that serves the command.
 */
import { resolve } from 'node:path'
import { readHolder, type LockContent } from '../app/lock.ts'
import { realHost } from '../host/index.ts'
import { self, systemReason } from '../host/process.ts'
import { messageOf } from '../model/errors.ts'
import { isRecord } from '../model/json.ts'
import { CommandError } from './command-error.ts'
import { answerWithin } from './doctor/answer-within.ts'
import { thisInstallation, type Installation, type Place } from './installation.ts'

export const defaultData = './weir-data'
export const defaultUrl = 'http://127.0.0.1:8080'
export const defaultOpsUrl = 'http://127.0.0.1:8081'

/** Options of commands that read files of a data folder. */
export const dataOption = [
  '--data <DIR>',
  `data folder (WEIR_DATA; default: ${defaultData}, then that of the installation)`,
] as const

export type Selection = Readonly<{ url?: string; data?: string }>

/** What a folder needs for a command without a server. */
export type Part = 'journal' | 'store'

/** `guessed` is the default address; `holder` runs on `data`. */
export type Target =
  | Readonly<{ kind: 'url'; url: string; origin: '--url' | 'WEIR_URL' | 'guessed' }>
  | Readonly<{ kind: 'server'; data: string; holder: LockContent }>
  | Readonly<{ kind: 'folder'; data: string }>

type Tried = Readonly<{ place: string; result: string; isPrivate?: boolean }>

export type Scene = Readonly<{
  env: Readonly<Record<string, string | undefined>>
  installation: Installation
  /** The data folder in the working directory. */
  local: string
  /** Undefined if Weir answers at the address, otherwise the reason. */
  probe: (url: string) => Promise<string | undefined>
}>

const probeMs = 2000

export const realScene = (): Scene => ({
  env: self.env,
  installation: thisInstallation(),
  local: defaultData,
  probe: probeWeir,
})

/** Throws CommandError with the tried places. With `part`, a folder that has it is found without a server, too. */
export async function discover(selection: Selection, part?: Part, scene: Scene = realScene()): Promise<Target> {
  const { installation } = scene
  const address = chosenTarget(selection, scene.env)
  if (address.url !== undefined) return address.url
  const tried: Tried[] = []
  for (const data of address.data === undefined ? folders(scene) : [address.data]) {
    const state = await folderState(data, part)
    if (!('result' in state)) return state
    tried.push(state)
  }
  if (address.data === undefined) {
    const problem = await scene.probe(defaultUrl)
    if (problem === undefined) return { kind: 'url', url: defaultUrl, origin: 'guessed' }
    tried.push({ place: defaultUrl, result: problem })
  }
  throw notFound(tried, { installation, ...(part === undefined ? {} : { part }) })
}

/** A folder for commands that read files, whether a server runs or not. */
export async function discoverFolder(
  data: string | undefined,
  part: Part,
  scene: Omit<Scene, 'probe'> = realScene(),
): Promise<string> {
  const { env, installation } = scene
  const givenFolder = data ?? (env['WEIR_DATA'] || undefined)
  if (givenFolder !== undefined) return givenFolder
  const tried: Tried[] = []
  for (const folder of folders(scene)) {
    const state = await folderState(folder, part)
    if (!('result' in state)) return folder
    tried.push(state)
  }
  throw notFound(tried, { installation, part, needsFolder: true })
}

/** The first place of the installation that exists. */
export async function existingPlace(installation = thisInstallation()): Promise<Place> {
  const { disk } = realHost()
  for (const candidate of [{ data: defaultData }, ...installation.places])
    if ((await disk.stat(candidate.data).catch(() => undefined))?.directory === true) return candidate
  return { data: defaultData }
}

/** The configuration of the server of the installation, unless `data` is the folder of another one. */
export async function installedConfig(
  data: string | undefined,
  installation = thisInstallation(),
): Promise<readonly string[]> {
  for (const candidate of installation.places) {
    const { config } = candidate
    if (config === undefined || (data !== undefined && candidate.data !== data)) continue
    try {
      const names = await realHost().disk.list(config)
      if (names.some((name) => /^[^.].*\.ya?ml$/.test(name))) return [config]
    } catch (error) {
      if (!isDenied(error)) continue
      throw new CommandError(`The configuration ${config} cannot be read: ${systemReason(error)}.`, [
        'Use sudo, or name another file.',
      ])
    }
  }
  return []
}

function chosenTarget({ url, data }: Selection, env: Scene['env']): { url?: Target; data?: string } {
  if (url !== undefined && data !== undefined)
    throw new CommandError('--url and --data both select a server; use one of them.', [], 2)
  if (url !== undefined) return { url: { kind: 'url', url: checkUrl(url, '--url'), origin: '--url' } }
  if (data !== undefined) return { data }
  // An empty variable counts as unset, as for settings.
  if (env['WEIR_URL']) return { url: { kind: 'url', url: checkUrl(env['WEIR_URL'], 'WEIR_URL'), origin: 'WEIR_URL' } }
  return env['WEIR_DATA'] ? { data: env['WEIR_DATA'] } : {}
}

function folders({ local, installation: { places } }: Pick<Scene, 'local' | 'installation'>): readonly string[] {
  const folder = resolve(local)
  return [local, ...places.map(({ data }) => data).filter((data) => resolve(data) !== folder)]
}

async function folderState(data: string, part: Part | undefined): Promise<Exclude<Target, { kind: 'url' }> | Tried> {
  const { disk } = realHost()
  try {
    const fileInfo = await disk.stat(data)
    if (fileInfo === undefined) return { place: data, result: 'does not exist' }
    if (!fileInfo.directory) return { place: data, result: 'is not a folder' }
    await disk.list(data)
  } catch (error) {
    return { place: data, result: `cannot be read: ${systemReason(error)}`, isPrivate: isDenied(error) }
  }
  const holder = readHolder(data)
  if (holder !== undefined) return { kind: 'server', data, holder }
  if (part === undefined) return { place: data, result: 'no Weir runs there' }
  const hasPart = (await disk.stat(`${data}/${part}`).catch(() => undefined))?.directory === true
  return hasPart ? { kind: 'folder', data } : { place: data, result: `no Weir runs there, and it has no ${part}` }
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
}

function notFound(
  tried: readonly Tried[],
  { installation, part, needsFolder }: Readonly<{ installation: Installation; part?: Part; needsFolder?: true }>,
): CommandError {
  const missingText = needsFolder === true ? `No data folder with a ${part} was found` : 'No Weir was found'
  const privateFolder = tried.find(({ isPrivate }) => isPrivate === true)
  const onlyTried = tried.length === 1 ? tried[0] : undefined
  return new CommandError(
    onlyTried === undefined ? `${missingText}. Tried:` : `No Weir runs on ${onlyTried.place}: ${onlyTried.result}.`,
    [
      ...(onlyTried === undefined ? tried.map(({ place: target, result }) => `${target}: ${result}`) : []),
      ...(privateFolder === undefined
        ? []
        : [`Only the owner of ${privateFolder.place} can read it: use sudo, or give --url.`]),
      needsFolder === true
        ? 'Select the folder with --data or WEIR_DATA.'
        : `${installation.start} Select another with --url, --data, WEIR_URL or WEIR_DATA.`,
    ],
  )
}

function checkUrl(text: string, origin: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(`${origin} ${text} is not the address of a server.`, [`Use the form ${defaultUrl}.`], 2)
  return text.replace(/\/+$/, '')
}

/** The token is not sent: another program may use the port. */
async function probeWeir(url: string): Promise<string | undefined> {
  const json = await readJson(`${url}/api/v1/health`, { withinMs: probeMs })
  if ('problem' in json) return json.problem
  const { body } = json
  const isWeir = isRecord(body) && (typeof body['ready'] === 'boolean' || String(body['code']).startsWith('WEIR_'))
  return isWeir ? undefined : 'another program answers there'
}

type JsonAnswer = Readonly<{ status: number; body: unknown }> | Readonly<{ problem: string }>

/** Reads from an address that may belong to another program: `body` is undefined if it is not JSON. */
export async function readJson(
  url: string,
  { withinMs, token }: Readonly<{ withinMs: number; token?: string | undefined }>,
): Promise<JsonAnswer> {
  try {
    const answer = await answerWithin(realHost(), withinMs, async (signal): Promise<JsonAnswer> => {
      const response = await fetch(url, {
        signal,
        redirect: 'manual',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
      return { status: response.status, body: await response.json().catch(() => undefined) }
    })
    return answer ?? { problem: `no response within ${withinMs / 1000} s` }
  } catch (error) {
    return { problem: connectionReason(error) }
  }
}

export function connectionReason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED') return 'connection refused'
  return messageOf(cause)
}
