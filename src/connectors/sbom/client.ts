import type { Disk } from '../../host/index.ts'

export type FoundFile = Readonly<{
  path: string
  name: string
  size: number
  modified: number
  changed: number
}>

const maxDepth = 8

export async function filesBelow(disk: Disk, folder: string, depth = 0): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  for (const name of await disk.list(folder)) {
    const path = `${folder.replace(/\/+$/, '')}/${name}`
    const entry = await disk.stat(path)
    // Removed meanwhile.
    if (entry === undefined) continue
    if (!entry.directory) files.push({ path, name, size: entry.size, modified: entry.modified, changed: entry.changed })
    else if (depth < maxDepth && !name.startsWith('.')) files.push(...(await filesBelow(disk, path, depth + 1)))
  }
  return files
}
