import type { CloudState } from '../../model/cloud.ts'
import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { FoundResource } from '../../polling/inventory/collector.ts'
import { listOf } from '../../polling/inventory/fields.ts'

export const [mib, gib] = [2 ** 20, 2 ** 30]

/** In lower case. Others that begin with `error`, `pending` or a verb in -ing are recognized by their form. */
const states: Readonly<Record<string, CloudState>> = {
  active: 'running',
  available: 'running',
  'in-use': 'running',
  ok: 'running',
  online: 'running',
  elb: 'running',
  // State of an address that no server uses.
  down: 'running',
  synchronized: 'running',
  build: 'pending',
  rebuild: 'pending',
  reboot: 'pending',
  hard_reboot: 'pending',
  resize: 'pending',
  verify_resize: 'pending',
  revert_resize: 'pending',
  password: 'pending',
  rollingback: 'pending',
  scalingup: 'pending',
  scalingdown: 'pending',
  shutoff: 'stopped',
  suspended: 'stopped',
  paused: 'stopped',
  frozen: 'stopped',
  freezed: 'stopped',
  freeze: 'stopped',
  disable: 'stopped',
  hibernation: 'stopped',
  offline: 'degraded',
  degraded: 'degraded',
  abnormal: 'degraded',
  soldout: 'degraded',
  unavailable: 'error',
  bind_error: 'error',
  deleting: 'deleting',
  pending_delete: 'deleting',
  deleted: 'deleted',
  soft_deleted: 'deleted',
}

export function stateOf(raw: string | undefined): CloudState {
  const text = raw?.toLowerCase() ?? ''
  if (text === '') return 'running'
  const state = states[text]
  if (state !== undefined) return state
  if (text.startsWith('error')) return 'error'
  return text.startsWith('pending') || text.endsWith('ing') ? 'pending' : 'unknown'
}

/** `2016-05-25T02:38:40.392463`, `2018-05-30 02:10:13` and `2018-10-09 06:22:40.58 +0000 UTC` are UTC. */
export function timeOf(given: unknown): string | undefined {
  const [, day, clock] = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})/.exec(textOf(given) ?? '') ?? []
  return day === undefined || clock === undefined ? undefined : `${day}T${clock}Z`
}

type Given = { readonly [K in keyof FoundResource]?: FoundResource[K] | undefined } & Readonly<{
  type: FoundResource['type']
  region: string
}>

/** Only listed fields are taken: servers have user data. Undefined without an id. */
export function resourceOf({ id, name, rawState, ...more }: Given): FoundResource | undefined {
  if (id === undefined) return undefined
  return withoutUndefined<FoundResource>({ id, name: name ?? id, state: stateOf(rawState), rawState, ...more })
}

/** `[{key, value}]` */
export function pairTags(given: unknown): Readonly<Record<string, string>> | undefined {
  return tagsOf(listOf(given).map(({ key, value }) => [textOf(key) ?? '', textOf(value) ?? '']))
}

/** `["team=shop", "web"]` */
export function textTags(given: unknown): Readonly<Record<string, string>> | undefined {
  const texts = Array.isArray(given) ? given.flatMap((item) => textOf(item) ?? []) : []
  return tagsOf(
    texts.map((tag) => {
      const at = tag.indexOf('=')
      return at < 0 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 1)]
    }),
  )
}

export function mapTags(given: Fields): Readonly<Record<string, string>> | undefined {
  return tagsOf(Object.entries(given).map(([name, value]) => [name, textOf(value) ?? '']))
}

/** Names that begin with `_` or `__` are the cloud's. */
function tagsOf(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> | undefined {
  const ownPairs = pairs.filter(([name]) => name !== '' && !name.startsWith('_'))
  return ownPairs.length === 0 ? undefined : Object.fromEntries(ownPairs)
}
