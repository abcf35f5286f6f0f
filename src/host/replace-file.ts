import type { Disk } from './disk.ts'

/** Writes and syncs a temporary file, renames it and syncs the folder. `beside`: suffix of the temporary file. */
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
