import { messageOf, WeirError } from '../../../model/errors.ts'
import { readBytes } from '../../../net/kubernetes/object.ts'
import type { Ask } from '../../../net/kubernetes/types.ts'
import { aggregated, fromAggregated, fromLegacy, isAggregated, legacyVersions, type Discovered } from './discovery.ts'

interface Server extends Discovered {
  readonly version: string
  readonly minor: number
  /** Unix ms by the server's clock, to the second. */
  readonly now: number | undefined
}

export class RefusedRequest extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function sentenceOf(error: unknown): string {
  if (error instanceof WeirError) return 'Weir cannot log in to the cluster; it retries.'
  if (!(error instanceof RefusedRequest)) return 'The cluster is unreachable; Weir retries.'
  if (error.status === 401) return 'The cluster rejects the credentials (401); Weir retries.'
  return error.status === 403
    ? 'The cluster forbids discovery to the account (403); Weir retries.'
    : 'The cluster responds with an error; Weir retries.'
}

/** The log sentence and the cause, for status and `weir doctor`. */
export function problemOf(error: unknown): string {
  return `${sentenceOf(error)} ${messageOf(error)}`
}

function statusMessage(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : text
  } catch {
    return text
  }
}

export async function discover(ask: Ask, signal: AbortSignal): Promise<Server> {
  const { value, date } = await get(ask, '/version', undefined, signal)
  const { gitVersion, minor } = value as { gitVersion?: string; minor?: string }
  const now = Date.parse(date ?? '')
  const server = {
    version: gitVersion ?? 'unknown',
    minor: Number.parseInt(minor ?? '', 10) || 0,
    now: Number.isNaN(now) ? undefined : now,
  }
  const [core, groups] = await Promise.all(['/api', '/apis'].map((path) => get(ask, path, aggregated, signal)))
  if (isAggregated(core?.value) && isAggregated(groups?.value))
    return { ...server, ...fromAggregated(core.value, groups.value) }
  const versions = []
  for (const { group, version } of legacyVersions(core?.value, groups?.value)) {
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const resources = await get(ask, path, undefined, signal).then(
      ({ value: list }) => (list as { resources?: readonly object[] }).resources ?? [],
      () => undefined,
    )
    versions.push({ group, version, resources })
  }
  return { ...server, ...fromLegacy(versions) }
}

async function get(
  ask: Ask,
  path: string,
  accept: string | undefined,
  signal: AbortSignal,
): Promise<Readonly<{ value: unknown; date: string | undefined }>> {
  const answer = await ask(path, {}, signal, accept)
  const text = (await readBytes(answer)).toString('utf8')
  if (answer.status !== 200)
    throw new RefusedRequest(answer.status, `${path} answered ${answer.status}: ${statusMessage(text).slice(0, 300)}`)
  return { value: JSON.parse(text) as unknown, date: answer.headers['date'] }
}
