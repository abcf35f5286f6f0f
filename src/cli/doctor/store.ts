/** Whether the store's manifest can be read, and the files that it names are there. */
import { readManifest } from '../../store/manifest.ts'
import { sizeText } from '../output.ts'
import { fail, ok, reason, warn, type Finding, type Scene } from './finding.ts'

/** The limits of users' statements, and the processes that run them now. */
export async function checkSql({ config: { store, sql: { memory, timeout } }, machine, running }: Scene): Promise<Finding[]> {
  if (store.enabled === 'none') return []
  const processes = running === undefined ? [] : await machine.children(running.pid)
  const now = running === undefined ? '' : `; ${processes.length} query processes now, ${sizeText(processes.reduce((sum, bytes) => sum + bytes, 0))}`
  return [ok('sql', `each statement has a process of its own, ${sizeText(memory)} and ${timeout / 1000} s${now}`)]
}

export async function checkStore({ host: { disk }, config: { data, store } }: Scene): Promise<Finding[]> {
  if (store.enabled === 'none') return []
  const directory = `${data}/store`
  try {
    const found = await readManifest(disk, directory)
    if (found.generation === 0) return [ok('store', 'no manifest yet')]
    const files = [...found.state.files.values()]
    let missing = 0
    for (const file of files) if ((await disk.stat(`${directory}/${file.name}`))?.size !== file.bytes) missing++
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const fact = `${files.length} files, ${sizeText(bytes)}`
    const advice = 'Weir starts and answers with what is left; look at the disk.'
    if (found.damaged) return [warn('store', `${fact}; records of the manifest are damaged`, advice)]
    // A running server replaces files between our reading of the manifest and our look at them.
    if (missing > 0) return [warn('store', `${fact}; ${missing} that the manifest names are missing or cut off`, advice)]
    return [ok('store', `${fact}, the manifest is whole`)]
  } catch (error) {
    return [fail('store', `${directory} cannot be read: ${reason(error)}`, 'Run this as the owner of the data folder.')]
  }
}
