// Writes to a real API server and records its writes: an oracle independent of Weir. Then it judges Weir's changes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { WeirProcess } from '../../kit/weir-process.ts'
import type { Kube } from './kube.ts'

interface Written {
  readonly name: string
  /** Versions of all writes but the deletion, in order. */
  readonly versions: string[]
  deleted: boolean
}

/** A change as stored; `before` and `after` are a digest or the text of the object. */
export interface EmittedChange {
  readonly id: string
  readonly uid: string
  readonly operation: string
  readonly resourceVersion: string
  readonly kind: string
  readonly name: string
  readonly coalesced?: boolean
  readonly old: string | null
  readonly new: string | null
}

const namespace = 'default'
const path = `/api/v1/namespaces/${namespace}/configmaps`

/**
 * Config maps that are made, changed and deleted, from a seed. One writer each, so that the order of an object's writes
 * is known.
 */
export class Churn {
  readonly kube: Kube
  readonly written = new Map<string, Written>()
  readonly #prefix: string
  #next = 0
  #random: number
  #stop = false

  constructor(kube: Kube, prefix: string, seed = 1) {
    this.kube = kube
    this.#prefix = prefix
    this.#random = seed
  }

  get writes(): number {
    let sum = 0
    for (const { versions, deleted } of this.written.values()) sum += versions.length + Number(deleted)
    return sum
  }

  stop(): void {
    this.#stop = true
  }

  /**
   * Keeps writing with so many at a time until `stop`, or so many writes of each, with a pause of so many ms after each
   * write. Writes that the server refuses are done again.
   */
  async run(writers: number, each = Number.POSITIVE_INFINITY, pauseMs = 0): Promise<void> {
    this.#stop = false
    await Promise.all(Array.from({ length: writers }, () => this.#write(each, pauseMs)))
  }

  async #write(most: number, pauseMs: number): Promise<void> {
    const names: string[] = []
    for (let count = 0; count < most && !this.#stop; count++) {
      const dice = this.#dice()
      const uid = names[Math.floor(this.#dice() * names.length)]
      if (uid === undefined || dice < 0.25) names.push(await this.create())
      else if (dice < 0.4) {
        names.splice(names.indexOf(uid), 1)
        await this.remove(uid)
      } else await this.change(uid)
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }

  async create(): Promise<string> {
    const name = `${this.#prefix}-${this.#next++}`
    const object = await this.#until(
      () =>
        this.kube.call('POST', path, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, labels: { churn: this.#prefix } },
          data: { value: '0' },
        }),
      () => this.#read(name),
    )
    const { uid, resourceVersion } = object['metadata'] as { uid: string; resourceVersion: string }
    this.written.set(uid, { name, versions: [resourceVersion], deleted: false })
    return uid
  }

  async change(uid: string): Promise<void> {
    const written = this.#of(uid)
    const value = String(written.versions.length)
    const object = await this.#until(
      () => this.kube.call('PATCH', `${path}/${written.name}`, { data: { value } }, 'application/merge-patch+json'),
      () => this.#read(written.name, value),
    )
    const { resourceVersion } = object['metadata'] as { resourceVersion: string }
    if (resourceVersion !== written.versions.at(-1)) written.versions.push(resourceVersion)
  }

  async remove(uid: string): Promise<void> {
    const written = this.#of(uid)
    await this.#until(
      () => this.kube.call('DELETE', `${path}/${written.name}`),
      async () => ((await this.#read(written.name)) === undefined ? {} : undefined),
    )
    written.deleted = true
  }

  /** After an error the write may have happened: the current state decides. */
  async #until(
    write: () => Promise<Record<string, unknown>>,
    done: () => Promise<Record<string, unknown> | undefined>,
  ): Promise<Record<string, unknown>> {
    for (let tries = 0; ; tries++) {
      if (tries > 0) {
        const found = await done().catch(() => undefined)
        if (found !== undefined) return found
      }
      try {
        return await write()
      } catch (error) {
        if (tries > 600) throw error
        await sleep(100)
      }
    }
  }

  async #read(name: string, value?: string): Promise<Record<string, unknown> | undefined> {
    const list = (await this.kube.call('GET', `${path}?fieldSelector=metadata.name%3D${name}`))['items'] as {
      data?: { value?: string }
    }[]
    const [found] = list
    return found === undefined || (value !== undefined && found.data?.value !== value)
      ? undefined
      : (found as Record<string, unknown>)
  }

  #of(uid: string): Written {
    const written = this.written.get(uid)
    if (written === undefined) throw new Error(`never written: ${uid}`)
    return written
  }

  #dice(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0
    return this.#random / 2 ** 32
  }

  /** The faults in the changes of these objects; `gaps`: lists may have merged changes. Empty: none. */
  judge(emitted: readonly EmittedChange[], gaps = false): string[] {
    const problems: string[] = []
    const ids = new Set<string>()
    const byUid = new Map<string, EmittedChange[]>()
    for (const each of emitted) {
      if (ids.has(each.id))
        problems.push(`${each.name}: ${each.operation} of ${each.resourceVersion} was emitted twice`)
      ids.add(each.id)
      const list = byUid.get(each.uid)
      if (list === undefined) byUid.set(each.uid, [each])
      else list.push(each)
    }
    for (const [uid, { name, versions, deleted }] of this.written) {
      const list = byUid.get(uid) ?? []
      const [first, last] = [list[0], list.at(-1)]
      const live = list.filter(({ operation }) => operation !== 'deleted')
      // An object may be created and deleted between two lists.
      if (gaps && deleted && list.length === 0) continue
      if (first?.operation !== 'created') problems.push(`${name}: begins with ${first?.operation ?? 'nothing'}`)
      if ((last?.operation === 'deleted') !== deleted)
        problems.push(`${name}: ends with ${last?.operation ?? 'nothing'}, and was ${deleted ? '' : 'not '}deleted`)
      if (list.slice(0, -1).some(({ operation }) => operation === 'deleted'))
        problems.push(`${name}: a change was emitted after its deletion`)
      const seenVersions = live.map(({ resourceVersion }) => resourceVersion)
      if (!gaps && seenVersions.join() !== versions.join())
        problems.push(`${name}: versions ${seenVersions.join()} instead of ${versions.join()}`)
      if (
        gaps &&
        seenVersions.some((version, at) => versions.indexOf(version) <= versions.indexOf(seenVersions[at - 1] ?? ''))
      )
        problems.push(`${name}: versions ${seenVersions.join()} are not in the order of ${versions.join()}`)
      if (!deleted && seenVersions.at(-1) !== versions.at(-1))
        problems.push(
          `${name}: the last emitted version is ${seenVersions.at(-1) ?? 'none'}, and it is ` +
            `${versions.at(-1) ?? 'none'}`,
        )
      list.forEach((each, at) => {
        const before = list[at - 1]
        if ((each.old === null) !== (at === 0) || (each.new === null) !== (each.operation === 'deleted'))
          problems.push(`${name}: ${each.operation} of ${each.resourceVersion} has no state before it or none after it`)
        if (before !== undefined && each.old !== before.new)
          problems.push(
            `${name}: ${each.operation} of ${each.resourceVersion} does not begin where the change before it ended`,
          )
      })
    }
    return problems
  }
}

export function changeOf(id: string, data: Readonly<Record<string, unknown>>): EmittedChange {
  const text = (state: unknown): string | null => (state === null || state === undefined ? null : JSON.stringify(state))
  return { ...(data as unknown as EmittedChange), id, old: text(data['old']), new: text(data['new']) }
}

/** All changes of ConfigMaps with a prefix, in the order of emission. */
export async function emittedChanges(weir: WeirProcess, prefix: string): Promise<EmittedChange[]> {
  return (await rowsOf(weir, prefix)).sort((a, b) => compare(a.place, b.place)).map(({ change }) => change)
}

/** As {@link emittedChanges} for replicas: in the order of epochs, with repeated ids once. */
export async function emittedByAll(
  replicas: readonly WeirProcess[],
  prefix: string,
): Promise<{ readonly emitted: EmittedChange[]; readonly again: number }> {
  const rows = (await Promise.all(replicas.map((weir) => rowsOf(weir, prefix))))
    .flat()
    .sort((a, b) => a.epoch - b.epoch || compare(a.place, b.place))
  const ids = new Set<string>()
  const emitted = rows.filter(({ change: { id } }) => !ids.has(id) && ids.add(id)).map((row) => row.change)
  return { emitted, again: rows.length - emitted.length }
}

type Place = readonly [number, number, number]

const compare = (a: Place, b: Place): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

async function rowsOf(
  weir: WeirProcess,
  prefix: string,
): Promise<{ readonly change: EmittedChange; readonly place: Place; readonly epoch: number }[]> {
  const rows = await weir.sql<
    EmittedChange & { pos: string; turn: string | null }
  >(`SELECT id, _pos AS pos, extensions->>'epoch' AS turn,
    data->>'uid' AS uid, data->>'operation' AS operation, data->>'resourceVersion' AS "resourceVersion",
    data->>'kind' AS kind, data->>'name' AS name,
    (data->>'coalesced') = 'true' AS coalesced, md5(nullif((data->'old')::VARCHAR, 'null')) AS old,
      md5(nullif((data->'new')::VARCHAR, 'null')) AS new
    FROM events WHERE family = 'change' AND subject LIKE 'configmaps/default/${prefix}-%'`)
  return rows.map(({ pos, turn, ...change }) => {
    const [epoch = 0, sequence = 0, row = 0] = pos.split(':').slice(-3).map(Number)
    return { change, place: [epoch, sequence, row], epoch: Number(turn ?? 0) }
  })
}

/** Waits until there are no problems, or for the limit; returns the last ones. */
export async function judged(
  weir: WeirProcess,
  churn: Churn,
  prefix: string,
  limitMs: number,
  gaps = false,
): Promise<string[]> {
  const began = performance.now()
  for (;;) {
    const problems = churn.judge(await emittedChanges(weir, prefix), gaps)
    if (problems.length === 0 || performance.now() - began > limitMs) return problems
    await sleep(300)
  }
}
