import { realHost, type Disk } from '../host/index.ts'
import { replaceFile } from '../host/replace-file.ts'
import { CommandError } from './client.ts'
import type { ConnectorKind } from './create.ts'

const templates = 'tools/connector-template'
const ending = '.tmpl'

type Forms = Readonly<Record<string, string>>

export async function createConnector(name: string, kind: ConnectorKind): Promise<readonly string[]> {
  const { disk } = realHost()
  const forms = connectorForms(name)
  const folder = `src/connectors/${name}`
  if ((await disk.stat(templates)) === undefined)
    throw new CommandError(
      'This folder is not a checkout of Weir.',
      ['Run the command in the root of a checkout, or add --package for an npm package.'],
      2,
    )
  if ((await disk.stat(folder)) !== undefined)
    throw new CommandError(`${folder} already exists.`, ['Choose another name, or remove the folder.'], 2)
  return writeTemplates(disk, `${templates}/${kind}`, folder, ['', '/testing'], forms)
}

/** Spellings of the name for templates. Throws CommandError if it cannot be the name of a type. */
export function connectorForms(name: string): Forms {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name))
    throw new CommandError(
      `\`${name}\` is not a name for a connector.`,
      ['Use lower-case letters, digits and `-`, starting with a letter.'],
      2,
    )
  const words = name.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
  const pascal = words.join('')
  return {
    name,
    pascal,
    camel: `${pascal.slice(0, 1).toLowerCase()}${pascal.slice(1)}`,
    snake: name.replaceAll('-', '_'),
    title: words.join(' '),
  }
}

/** Writes the templates of these parts of a folder. A file `gitignore` gets its dot, which npm would obey. */
export async function writeTemplates(
  disk: Disk,
  from: string,
  folder: string,
  parts: readonly string[],
  forms: Forms,
): Promise<readonly string[]> {
  const files: string[] = []
  for (const part of parts) {
    await disk.makeDirectory(`${folder}${part}`, 0o755)
    for (const template of await disk.list(`${from}${part}`)) {
      if (!template.endsWith(ending)) continue
      const name = template.slice(0, -ending.length)
      const file = name === 'gitignore' ? `.${name}` : name
      const text = new TextDecoder()
        .decode(await disk.readFile(`${from}${part}/${template}`))
        .replaceAll(/\{\{(\w+)\}\}/g, (_, form: string) => forms[form] ?? '')
      await replaceFile(disk, `${folder}${part}`, file, [new TextEncoder().encode(text)])
      files.push(`${folder}${part}/${file}`)
    }
  }
  return files
}
