import { realHost } from '../host/index.ts'
import { replaceFile } from '../host/replace-file.ts'
import { CommandError } from './client.ts'

const templates = 'tools/connector-template'
const ending = '.tmpl'

export async function createConnector(name: string): Promise<readonly string[]> {
  const { disk } = realHost()
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name))
    throw new CommandError(
      `\`${name}\` is not a name for a connector.`,
      ['Use lower-case letters, digits and `-`, starting with a letter.'],
      2,
    )
  const folder = `src/connectors/${name}`
  if ((await disk.stat(templates)) === undefined)
    throw new CommandError('This folder is not a checkout of Weir.', ['Run the command in the root of a checkout.'], 2)
  if ((await disk.stat(folder)) !== undefined)
    throw new CommandError(`${folder} already exists.`, ['Choose another name, or remove the folder.'], 2)
  const words = name.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
  const pascal = words.join('')
  const forms: Readonly<Record<string, string>> = {
    name,
    pascal,
    camel: `${pascal.slice(0, 1).toLowerCase()}${pascal.slice(1)}`,
    snake: name.replaceAll('-', '_'),
    title: words.join(' '),
  }
  const files: string[] = []
  for (const part of ['', '/testing']) {
    await disk.makeDirectory(`${folder}${part}`, 0o755)
    for (const template of await disk.list(`${templates}${part}`)) {
      if (!template.endsWith(ending)) continue
      const file = template.slice(0, -ending.length)
      const text = new TextDecoder()
        .decode(await disk.readFile(`${templates}${part}/${template}`))
        .replaceAll(/\{\{(\w+)\}\}/g, (_, form: string) => forms[form] ?? '')
      await replaceFile(disk, `${folder}${part}`, file, [new TextEncoder().encode(text)])
      files.push(`${folder}${part}/${file}`)
    }
  }
  return files
}
