import type { Disk } from './disk.ts'

/** Syncs the parent of each created folder, and of an existing folder, which may lack a sync after its creation. */
export async function makeDurableDirectory(disk: Disk, path: string, mode = 0o700): Promise<void> {
  const missing: string[] = []
  for (let at = path; at !== '' && at !== '/' && at !== '.'; at = parentOf(at)) {
    if ((await disk.stat(at)) !== undefined) break
    missing.push(at)
  }
  if (missing.length > 0) await disk.makeDirectory(path, mode)
  for (const made of missing.length > 0 ? missing.reverse() : [path]) await disk.syncDirectory(parentOf(made))
}

function parentOf(path: string) {
  const slash = path.lastIndexOf('/')
  if (slash === -1) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}
