import type { SharedState, SourceContext, StateNote } from '../../../engine/contracts.ts'
import type { Host } from '../../../host/index.ts'
import { messageOf } from '../../../model/errors.ts'
import type { ObjectMap } from './objects.ts'

export const objectsStream = 'objects'
export const objectsFile = 'objects.sqlite'

export async function restoreObjects(
  state: SharedState,
  folder: string,
  { host, log, metrics, id }: Pick<SourceContext, 'host' | 'log' | 'metrics' | 'id'>,
  open: () => Promise<ObjectMap>,
): Promise<ObjectMap> {
  const map = await open()
  const { before, last, accepted: emitted } = await state.bounds()
  const { sequence } = map.position
  // A position beyond the end belongs to another journal.
  if (sequence > 0 && sequence >= before && sequence <= last) return map
  const note = await state.newest()
  if (note !== undefined) {
    const fetched = await fetchObjects(state, note, folder, host).catch((error: unknown) => {
      log.error('The state of the cluster in the journal is unreadable.', {
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
      log.info('The state of the cluster was restored from the journal.', {
        source: id,
        from: note.source,
        objects: brought.size,
        at: new Date(note.at).toISOString(),
      })
      return brought
    }
  }
  if (emitted === 0) return map
  metrics.count('weir_kubernetes_stateless_restarts_total', 1, { source: id })
  const what = 'The journal has no state of the cluster: it was removed, or never stored.'
  if (map.size > 0)
    log.error(`${what} The local folder has an earlier state: some changes may be emitted again.`, {
      source: id,
      objects: map.size,
    })
  else log.error(`${what} The cluster is listed again; changes in the meantime are not emitted.`, { source: id })
  return map
}

function fetchedPath(folder: string) {
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
