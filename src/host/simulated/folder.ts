import { posix } from 'node:path'
import { diskError } from './faults.ts'
import type { ForgetfulFile } from './file.ts'
import type { SeededRandom } from './random.ts'

export type Node = ForgetfulFile | ForgetfulFolder

export class ForgetfulFolder {
  readonly kind = 'folder'
  live = new Map<string, Node>()
  readonly durable = new Map<string, Node>()
}

/** A name in a folder and its entry after the change (undefined: removed). */
interface Slot {
  readonly folder: ForgetfulFolder
  readonly name: string
  readonly node: Node | undefined
}

/** An entry change; a rename has two slots and is atomic. */
type Change = readonly Slot[]

function share(a: Change, b: Change): boolean {
  return a.some((slot) => b.some((taken) => taken.folder === slot.folder && taken.name === slot.name))
}

function put(entries: Map<string, Node>, slot: Slot): void {
  if (slot.node === undefined) entries.delete(slot.name)
  else entries.set(slot.name, slot.node)
}

export function namesOf(path: string): string[] {
  return posix
    .resolve('/', path.replaceAll('\\', '/'))
    .split('/')
    .filter((name) => name !== '')
}

/** Names of all folders: changes are visible at once and durable after a sync of their folder. */
export class Entries {
  readonly root = new ForgetfulFolder()
  #unsynced: Change[] = []

  node(path: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of namesOf(path)) {
      if (node?.kind !== 'folder') return undefined
      node = node.live.get(name)
    }
    return node
  }

  file(path: string, operation: string): ForgetfulFile {
    const node = this.node(path)
    if (node === undefined) throw diskError('ENOENT', operation, path)
    if (node.kind === 'folder') throw diskError('EISDIR', operation, path)
    return node
  }

  folder(path: string, operation: string): ForgetfulFolder {
    const node = this.node(path)
    if (node === undefined) throw diskError('ENOENT', operation, path)
    if (node.kind === 'file') throw diskError('ENOTDIR', operation, path)
    return node
  }

  /** The folder of the last name in the path. */
  parent(path: string, operation: string): { folder: ForgetfulFolder; name: string } {
    const names = namesOf(path)
    const name = names.pop()
    const folder = this.node(names.join('/'))
    if (name === undefined || folder?.kind !== 'folder') throw diskError('ENOENT', operation, path)
    return { folder, name }
  }

  used(): number {
    const sum = (folder: ForgetfulFolder): number =>
      [...folder.live.values()].reduce((total, node) => total + (node.kind === 'file' ? node.allocated : sum(node)), 0)
    return sum(this.root)
  }

  change(...slots: Slot[]): void {
    for (const slot of slots) put(slot.folder.live, slot)
    this.#unsynced.push(slots)
  }

  /** Makes changes of this folder durable, with all earlier ones of the same names. */
  sync(folder: ForgetfulFolder): void {
    const wanted: Change[] = []
    for (const change of this.#unsynced.toReversed()) {
      if (change.some((slot) => slot.folder === folder) || wanted.some((later) => share(change, later)))
        wanted.push(change)
    }
    this.#unsynced = this.#unsynced.filter((change) => !wanted.includes(change))
    for (const change of wanted.reverse()) this.#settle(change)
  }

  /** Makes some changes durable although the folder was not synced. */
  syncSome(random: SeededRandom): void {
    const lost: Change[] = []
    const losing = random.pick([0, 1, 0.5, random.next()])
    for (const change of this.#unsynced) {
      // Changes of one name are durable in order.
      if (lost.some((earlier) => share(change, earlier)) || random.chance(losing)) lost.push(change)
      else this.#settle(change)
    }
    this.#unsynced = lost
  }

  crash(random: SeededRandom): void {
    this.syncSome(random)
    this.#unsynced = []
    const seen = new Set<Node>()
    const forget = (node: Node): void => {
      if (seen.has(node)) return
      seen.add(node)
      if (node.kind === 'file') return node.crash(random)
      node.live = new Map(node.durable)
      for (const name of [...node.live.keys()].sort()) forget(node.live.get(name) as Node)
    }
    forget(this.root)
  }

  #settle(change: Change): void {
    for (const slot of change) put(slot.folder.durable, slot)
  }
}
