/** State files of the source. An unreadable one is no loss: documents are emitted again. */
import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory, replaceFile } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'
import type { Fields } from '../../model/json.ts'

export async function readState({ host, state, log, id }: SourceContext, file: string): Promise<Fields> {
  const path = `${state ?? ''}/${file}`
  if (state === undefined || (await host.disk.stat(path)) === undefined) return {}
  try {
    return unsealed(new TextDecoder().decode(await host.disk.readFile(path)))
  } catch (error) {
    log.warn('The state file is unreadable; every document is emitted again.', { source: id, error: messageOf(error) })
    return {}
  }
}

export async function writeState({ host, state }: SourceContext, file: string, content: object): Promise<void> {
  if (state === undefined) return
  await makeDurableDirectory(host.disk, state)
  await replaceFile(host.disk, state, file, [new TextEncoder().encode(sealed(content))])
}
