import { posix } from 'node:path'
import type { Host } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'

type Dict = Readonly<Record<string, unknown>>

export type Entry = Readonly<{
  name: string
  settings: Dict
  near: (path: string) => string
}>

type Kubeconfig = Readonly<{
  cluster: Entry
  user: Entry | undefined
  namespace: string | undefined
}>

export function loginError(message: string, cause?: unknown): WeirError {
  return new WeirError('WEIR_KUBERNETES_LOGIN', message, { cause })
}

/** Skips missing files if there are several. Throws WEIR_KUBERNETES_LOGIN. */
export async function readKubeconfig(
  host: Host,
  files: readonly string[],
  wanted: string | null,
  hint: string,
): Promise<Kubeconfig> {
  const parts: Readonly<{ file: string; written: Dict }>[] = []
  const missing: string[] = []
  for (const file of files) {
    const text = await readText(host, file).catch((error: unknown) => {
      if (files.length > 1 && reasonOf(error) === 'ENOENT') return undefined
      throw loginError(`There is no readable kubeconfig at ${file} (${reasonOf(error)}). ${hint}`, error)
    })
    if (text === undefined) missing.push(file)
    else
      parts.push({
        file,
        written: (await readYaml(text)) ?? refuse(file, 'it is not YAML with clusters, users and contexts'),
      })
  }
  const where = files.join(':')
  if (parts.length === 0) throw loginError(`There is no readable kubeconfig at ${missing.join(', ')}. ${hint}`)
  const entries = (list: string, member: string, name: string): Entry | undefined => {
    for (const { file, written } of parts) {
      const record = listOf(written[list]).find((entry) => entry['name'] === name)
      if (record !== undefined)
        return { name, settings: dictOf(record[member]), near: (path) => posix.resolve(posix.dirname(file), path) }
    }
    return undefined
  }
  const current =
    wanted ??
    parts.map(({ written }) => textOf(written['current-context'])).find((name) => name !== undefined) ??
    refuse(where, 'it has no `current-context`; set `context`')
  const context = entries('contexts', 'context', current)?.settings ?? refuse(where, `it has no context ${current}`)
  const clusterName = textOf(context['cluster']) ?? refuse(where, `context ${current} names no cluster`)
  const userName = textOf(context['user'])
  const cluster = entries('clusters', 'cluster', clusterName) ?? refuse(where, `it has no cluster ${clusterName}`)
  const user =
    userName === undefined
      ? undefined
      : (entries('users', 'user', userName) ?? refuse(where, `it has no user ${userName}`))
  return { cluster, user, namespace: textOf(context['namespace']) }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function dictOf(value: unknown): Dict {
  return isRecord(value) ? (value as Dict) : {}
}

export function listOf(value: unknown): readonly Dict[] {
  return Array.isArray(value) ? value.map(dictOf) : []
}

export async function readText(host: Host, path: string): Promise<string> {
  return Buffer.from(await host.disk.readFile(path)).toString('utf8')
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}

function refuse(file: string, message: string): never {
  throw loginError(`${file}: ${message}`)
}

async function readYaml(text: string): Promise<Dict | undefined> {
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(text)
    return typeof value === 'object' && value !== null ? (value as Dict) : undefined
  } catch {
    return undefined
  }
}
