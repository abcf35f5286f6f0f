import { replaceFile, type Host } from '../../host/index.ts'

/** The file in a data folder. */
const nameFile = 'journal-name'

/**
 * Tells this journal from others: places of the live stream carry it, so that a client which comes back to another server
 * hears that its place means nothing there. Made once; where it cannot be kept it lasts as long as the process.
 */
export async function journalName({ disk, random }: Host, folder: string | undefined): Promise<string> {
  const made = Buffer.from(random.bytes(6)).toString('base64url')
  if (folder === undefined) return made
  const path = `${folder}/${nameFile}`
  try {
    const known =
      (await disk.stat(path)) === undefined ? '' : new TextDecoder().decode(await disk.readFile(path)).trim()
    if (/^[\w-]{8}$/.test(known)) return known
    await replaceFile(disk, folder, nameFile, [new TextEncoder().encode(`${made}\n`)])
  } catch {
    /* A full disk keeps nobody from watching. */
  }
  return made
}
