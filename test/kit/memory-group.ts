// A control group that limits the memory of a process tree, as a container does.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryGroup {
  /** Runs a command in the group; for `through` of a Weir process. */
  readonly through: readonly string[]
  /** Processes that the kernel ended because the group had no memory. */
  kills(): number
  remove(): void
}

const [first, second] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']

/** Undefined: this machine or account cannot create one. */
export function openMemoryGroup(name: string, bytes: number): MemoryGroup | undefined {
  for (const [root, limit, events] of [
    [first, 'memory.limit_in_bytes', 'memory.oom_control'],
    [second, 'memory.max', 'memory.events'],
  ] as const) {
    const folder = join(root, name)
    try {
      mkdirSync(folder)
    } catch {
      continue
    }
    try {
      writeFileSync(join(folder, limit), String(bytes))
      return {
        through: ['sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'],
        kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), 'latin1'))?.[1] ?? 0),
        remove: () => rmdirSync(folder),
      }
    } catch {
      rmdirSync(folder)
    }
  }
  return undefined
}
