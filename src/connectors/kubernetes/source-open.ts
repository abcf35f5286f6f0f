import type { Host } from '../../host/index.ts'
import type { Log } from '../../telemetry/ports.ts'
import { ObjectMap } from './source-objects.ts'

/** Opens the map of objects; one that is damaged is put aside, and everything is looked at anew. */
export async function openObjects(host: Host, folder: string, log: Log): Promise<ObjectMap> {
  const path = `${folder}/objects.sqlite`
  try {
    return new ObjectMap(path)
  } catch (error) {
    const aside = `${path}.damaged-${host.clock.now()}`
    log.error('What was known of the cluster can’t be read; it is put aside and everything is looked at anew. What changed since is not told.', { file: path, aside, error: error instanceof Error ? error.message : String(error) })
    await host.disk.rename(path, aside)
    for (const rest of ['-wal', '-shm']) await host.disk.remove(`${path}${rest}`)
    return new ObjectMap(path)
  }
}
