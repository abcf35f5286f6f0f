import type { ResourceData } from '../model/kubernetes.ts'
import { intermediateOwners, type HolderFacts, type Owner } from './workload-facts.ts'

const maxHops = 3

type Node = Readonly<{
  zone?: string
  address?: string
}>

export type RelatedObject =
  | Readonly<{ is: 'node'; key: string; node: Node }>
  | Readonly<{ is: 'owner'; key: string; owner: Owner | null; gone?: number }>

export class RelatedObjects {
  readonly #owners = new Map<string, Readonly<{ owner: Owner | undefined; gone: number | undefined }>>()
  readonly #nodes = new Map<string, Node>()
  readonly #missing = new Set<string>()
  #late = false

  settle(): boolean {
    const late = this.#late
    this.#late = false
    return late
  }

  /** A deleted owner (`gone` in Unix ms) still names its objects. */
  own(key: string, owner: Owner | undefined, gone: number | undefined): void {
    const before = this.#owners.get(key)
    this.#owners.set(key, { owner: gone === undefined ? owner : before?.owner, gone })
    if (this.#missing.delete(key)) this.#late = true
  }

  place({ cluster, name, zone, addresses }: ResourceData): void {
    const key = `${cluster}/${name}`
    const before = this.#nodes.get(key)
    const address = addresses?.find(({ as }) => as === 'node')?.ip
    const node: Node = { ...(zone === undefined ? {} : { zone }), ...(address === undefined ? {} : { address }) }
    this.#nodes.set(key, node)
    if (
      this.#missing.delete(key) ||
      (before !== undefined && (before.zone !== node.zone || before.address !== node.address))
    )
      this.#late = true
  }

  node(cluster: string, name: string): Node | undefined {
    const key = `${cluster}/${name}`
    const node = this.#nodes.get(key)
    if (node === undefined) this.#missing.add(key)
    return node
  }

  ownerOf({ cluster, kind, name, owner, template }: HolderFacts): Readonly<{ kind: string; name: string }> {
    let topmost = owner ?? { kind, name, uid: '' }
    for (let hop = 0; hop < maxHops && intermediateOwners.has(topmost.kind); hop++) {
      const key = `${cluster}/${topmost.uid}`
      const existing = this.#owners.get(key)
      if (existing === undefined) {
        this.#missing.add(key)
        // A ReplicaSet's name is its Deployment's and the hash.
        if (topmost.kind === 'ReplicaSet' && template !== undefined && topmost.name.endsWith(`-${template}`))
          return { kind: 'Deployment', name: topmost.name.slice(0, -template.length - 1) }
      }
      if (existing?.owner === undefined) break
      topmost = existing.owner
    }
    return topmost
  }

  *records(before: number): Generator<RelatedObject> {
    for (const [key, node] of this.#nodes) yield { is: 'node', key, node }
    for (const [key, { owner, gone }] of this.#owners)
      if (gone === undefined || gone >= before)
        yield { is: 'owner', key, owner: owner ?? null, ...(gone === undefined ? {} : { gone }) }
  }

  load(record: RelatedObject): void {
    if (record.is === 'node') this.#nodes.set(record.key, record.node)
    else this.#owners.set(record.key, { owner: record.owner ?? undefined, gone: record.gone })
  }
}
