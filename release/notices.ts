import { readdir, readFile, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'

type Notice = Readonly<{
  name: string
  version: string
  identifier?: string
  text?: string
}>

type PackageFile = Readonly<{
  name: string
  version: string
  license?: string
  author?: string | { readonly name: string }
}>

export async function noticesOf(files: readonly string[]): Promise<Notice[]> {
  const folders = new Set(files.map(packageFolder))
  return Promise.all(
    [...folders].map(async (folder) => {
      const { name, version, license, author } = JSON.parse(
        await readFile(join(folder, 'package.json'), 'utf8'),
      ) as PackageFile
      const file = (await readdir(folder)).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry))
      const text =
        file === undefined
          ? `Copyright ${typeof author === 'object' ? author.name : (author ?? 'its authors')}`
          : (await readFile(join(folder, file), 'utf8')).trim()
      return { name, version, text, ...(license === undefined ? {} : { identifier: license }) }
    }),
  )
}

export async function takeConsoleNotices(dist: string): Promise<Notice[]> {
  const file = join(dist, 'licenses.json')
  const notices = JSON.parse(await readFile(file, 'utf8')) as Notice[]
  await rm(file)
  return notices
}

/** Throws for a package without a licence. */
export function noticesText(notices: readonly Notice[]): string {
  const byName = new Map(notices.map((notice) => [`${notice.name} ${notice.version}`, notice]))
  const parts = [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, { identifier, text }]) => {
      if (identifier === undefined || text === undefined)
        throw new Error(`${title} has no licence, so it cannot be part of the package.`)
      return `## ${title} (${identifier})\n\n${text.replaceAll(/^(?=.)/gm, '    ')}\n`
    })
  return (
    '# Third-party notices\n\nThis package contains code of the packages below. Its dependencies carry their ' +
    `own licences.\n\n${parts.join('\n')}`
  )
}

function packageFolder(file: string) {
  const start = file.lastIndexOf(`${sep}node_modules${sep}`) + `${sep}node_modules${sep}`.length
  const parts = file.slice(start).split(sep)
  return file.slice(0, start) + parts.slice(0, parts[0]?.startsWith('@') === true ? 2 : 1).join(sep)
}
