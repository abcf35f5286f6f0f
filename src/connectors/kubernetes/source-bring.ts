/** Where the journal is shared, what is known of a cluster may be in another folder than ours: then the journal has it. */
import type { SharedState, SourceContext, StateNote } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import type { ObjectMap } from './source-objects.ts'

/** Of the pieces of a state. */
export const objectsStream = 'objects'
export const objectsFile = 'objects.sqlite'

/** What our folder knows, if the journal still has all that came after it; else the newest state that is there. `open` opens what is in the folder. */
export async function bringObjects(
  state: SharedState,
  folder: string,
  { host, log, metrics, id }: Pick<SourceContext, 'host' | 'log' | 'metrics' | 'id'>,
  open: () => Promise<ObjectMap>,
): Promise<ObjectMap> {
  const map = await open()
  const { before, last, told } = await state.bounds()
  const { sequence } = map.position
  // One that lies behind the end is of another journal.
  if (sequence > 0 && sequence >= before && sequence <= last) return map
  const note = await state.newest()
  if (note !== undefined) {
    const fetched = await fetchObjects(state, note, folder, host).catch((error: unknown) => {
      log.error('What the journal has of what was known of the cluster can not be read.', {
        source: id,
        error: messageOf(error),
      })
    })
    if (fetched === true) {
      map.close()
      for (const rest of ['-wal', '-shm', '']) await host.disk.remove(`${folder}/${objectsFile}${rest}`)
      await host.disk.rename(fetchedPath(folder), `${folder}/${objectsFile}`)
      await host.disk.syncDirectory(folder)
      const brought = await open()
      brought.commit([], { sequence: note.from, row: 0 })
      log.info('What was known of the cluster was brought from the journal.', {
        source: id,
        from: note.source,
        objects: brought.size,
        at: new Date(note.at).toISOString(),
      })
      return brought
    }
  }
  if (told === 0) return map
  metrics.count('weir_kubernetes_forgotten_restarts_total', 1, { source: id })
  const what = 'The journal has nothing of what was known of the cluster: it was removed there, or never got there.'
  if (map.size > 0)
    log.error(`${what} Our folder has an earlier state: some changes may be told once more.`, {
      source: id,
      objects: map.size,
    })
  else log.error(`${what} The cluster is looked at anew; what changed meanwhile is not told.`, { source: id })
  return map
}

function fetchedPath(folder: string): string {
  return `${folder}/objects.fetched`
}

async function fetchObjects(state: SharedState, note: StateNote, folder: string, { disk }: Host): Promise<true> {
  const path = fetchedPath(folder)
  await disk.remove(path)
  const file = await disk.open(path, 'create')
  try {
    let at = 0
    for await (const { stream, bytes } of state.pieces(note)) {
      if (stream !== objectsStream) continue
      await file.write(bytes, at)
      at += bytes.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return true
}
