import type { Disk } from './disk.ts'

/**
 * Writes a small file as a whole: beside its place, synced, renamed over it, and the folder synced, so that after a crash there is the old
 * one or the new one and never half of one. The folder exists. `beside`: ending of the file that becomes it, another for each of several writers.
 */
export async function replaceFile(
  disk: Disk,
  folder: string,
  name: string,
  pieces: readonly Uint8Array[],
  beside = 'new',
): Promise<void> {
  const path = `${folder}/${name}`
  const written = `${path}.${beside}`
  await disk.remove(written)
  const file = await disk.open(written, 'create')
  try {
    await file.writeAll(pieces, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(written, path)
  await disk.syncDirectory(folder)
}
