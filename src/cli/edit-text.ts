import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { CommandError } from './client.ts'
import { messageOf } from '../model/errors.ts'

export async function readText(file: string): Promise<string> {
  if (file === '-') return self.readStdin()
  try {
    return new TextDecoder().decode(await realHost().disk.readFile(file))
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${messageOf(error)}`, [], 2)
  }
}

type Edited = Readonly<{
  text: string
  path: string
  done: () => Promise<void>
}>

export async function editText(text: string, name: string): Promise<Edited> {
  const editor =
    [self.env['VISUAL'], self.env['EDITOR']].find((value) => value !== undefined && value.trim() !== '') ?? 'vi'
  const file = await self.temporaryFile(name, text)
  const code = await self.runEditor(editor, file.path)
  if (code !== 0) {
    await file.remove()
    throw new CommandError(`The editor (${editor}) ended with ${code}; nothing was changed.`, [
      '$VISUAL or $EDITOR select another editor; --file reads the text from a file.',
    ])
  }
  return { text: await file.read(), path: file.path, done: () => file.remove() }
}
