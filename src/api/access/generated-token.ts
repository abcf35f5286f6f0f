import { replaceFile, type Host } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'

/** Name of the client that has it. */
export const generatedName = 'generated'

export interface GeneratedToken {
  readonly token: string
  /** The file that holds it, which only its owner can read. */
  readonly path: string
  /** Made just now: nobody has seen it yet. */
  readonly fresh: boolean
}

/** The file in a data folder. */
export const tokenFile = 'token'

/** The token of a data folder; made, with 256 bits from the system, when there is none. */
export async function generatedToken({ disk, random }: Host, folder: string): Promise<GeneratedToken> {
  const path = `${folder}/${tokenFile}`
  const stored =
    (await disk.stat(path)) === undefined ? undefined : new TextDecoder().decode(await disk.readFile(path)).trim()
  if (stored !== undefined) {
    if (!/^[\x21-\x7e]{20,}$/.test(stored))
      throw new WeirError(
        'WEIR_DATA_UNUSABLE',
        `${path} holds no token of at least 20 characters; remove it, and a new one is made at the next start`,
      )
    return { token: stored, path, fresh: false }
  }
  const token = Buffer.from(random.bytes(32)).toString('base64url')
  // As a whole: a crash must not leave half a token, which would be a short one.
  await replaceFile(disk, folder, tokenFile, [new TextEncoder().encode(`${token}\n`)])
  return { token, path, fresh: true }
}
