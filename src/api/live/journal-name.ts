import { replaceFile, type Host } from '../../host/index.ts'

const nameFile = 'journal-name'

/** Random part of event ids: a client that reconnects to another server starts over. */
export async function journalName({ disk, random }: Host, folder: string | undefined): Promise<string> {
  const made = Buffer.from(random.bytes(6)).toString('base64url')
  if (folder === undefined) return made
  const path = `${folder}/${nameFile}`
  try {
    const name = (await disk.stat(path)) === undefined ? '' : new TextDecoder().decode(await disk.readFile(path)).trim()
    if (/^[\w-]{8}$/.test(name)) return name
    await replaceFile(disk, folder, nameFile, [new TextEncoder().encode(`${made}\n`)])
  } catch {
    /* A full disk must not prevent live streams. */
  }
  return made
}
