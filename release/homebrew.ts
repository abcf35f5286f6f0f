import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../tools/kit/command.ts'

/** `checksums`: SHA-256 in hexadecimal by platform. Throws if the formula needs the archive of another platform. */
export async function formulaText(
  url: string,
  version: string,
  checksums: ReadonlyMap<string, string>,
): Promise<string> {
  if (!/^https?:\/\/[^\s"#]+$/.test(url)) throw new Error(`--url ${url} is not the address of a folder of archives`)
  const template = await readFile(join(ROOT, 'deploy/homebrew/weir.rb'), 'utf8')
  return template
    .replace(/^# Template.*\n/, '')
    .replaceAll(/@(?:(URL)|(VERSION)|SHA256 ([\w-]+))@/g, (_, isUrl?: string, isVersion?: string, platform = '') => {
      if (isUrl !== undefined) return url.replace(/\/+$/, '')
      if (isVersion !== undefined) return version
      const sum = checksums.get(platform as string)
      if (sum === undefined) throw new Error(`the formula needs the archive ${platform}, which was not built`)
      return sum
    })
}
