import { self } from '../../host/process.ts'
import { errorTable } from '../../model/errors.ts'
import { holderText, readLock, tryLock } from '../../app/lock.ts'
import { sizeText } from '../../model/size-text.ts'
import { smallVolume, smallVolumeAdvice, storeSize } from '../../app/volume.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'

const syncs = 8
const slowMs = 30
const inMemory = new Set(['tmpfs', 'ramfs'])
const remote = /^(?:nfs|cifs|smb|9p|fuse|ceph|glusterfs)/

export async function checkData(scene: CheckContext): Promise<Finding[]> {
  const {
    host,
    config: { data },
  } = scene
  const entry = await host.disk.stat(data)
  if (entry !== undefined && !entry.directory)
    return [fail('data folder', `${data} is a file`, 'Choose a folder with --data.')]
  if (entry === undefined)
    return [...(await toBeMade(scene)), ...(await room(scene, await nearestExistingFolder(scene)))]
  const unreadableFinding = await unreadable(scene)
  if (unreadableFinding !== undefined) return [unreadableFinding]
  return [
    await folder(scene),
    ...(await fileSystem(scene, data)),
    ...(await syncTime(scene)),
    ...(await room(scene, data)),
    await lock(scene),
  ]
}

async function nearestExistingFolder({ host, config }: CheckContext): Promise<string> {
  const parts = config.data.split('/')
  while (parts.length > 1) {
    parts.pop()
    const path = parts.join('/') || (config.data.startsWith('/') ? '/' : '.')
    if ((await host.disk.stat(path))?.directory === true) return path
  }
  return '.'
}

async function toBeMade(scene: CheckContext): Promise<Finding[]> {
  const {
    machine,
    config: { data },
  } = scene
  const parentFolder = await nearestExistingFolder(scene)
  const fact = `${data} does not exist yet`
  const creation = (await machine.mayWrite(parentFolder))
    ? ok('data folder', `${fact}; a start creates it with mode 0700`)
    : fail(
        'data folder',
        `${fact}, and this user may not create it in ${parentFolder}`,
        'Create it for this user, or choose another with --data.',
      )
  return [creation, ...(await fileSystem(scene, parentFolder))]
}

async function unreadable({ host, config: { data } }: CheckContext): Promise<Finding | undefined> {
  try {
    await host.disk.list(data)
    return undefined
  } catch (error) {
    return fail(
      'data folder',
      `${data} cannot be read: ${reason(error)}`,
      'Run this command as its owner, or with sudo.',
    )
  }
}

async function folder({ machine, config: { data } }: CheckContext): Promise<Finding> {
  const owner = await machine.ownership(data)
  const mode = owner === undefined ? '' : `, mode ${owner.mode.toString(8).padStart(4, '0')}`
  const user = owner === undefined ? '' : `, owner ${owner.uid === machine.uid ? 'this user' : `user ${owner.uid}`}`
  const fact = `${data}${user}${mode}`
  if (!(await machine.mayWrite(data)))
    return fail(
      'data folder',
      `${fact}: this user may not write there`,
      'Run Weir as its owner, or change the owner of the folder.',
    )
  if (owner !== undefined && owner.uid !== machine.uid)
    return warn(
      'data folder',
      fact,
      'Files of two users in one folder cause permission errors: run Weir, and this command, as its owner.',
    )
  if (owner !== undefined && (owner.mode & 0o077) !== 0)
    return warn('data folder', `${fact}: other users can read it`, `chmod 700 ${data}`)
  return ok('data folder', fact)
}

async function fileSystem({ machine }: CheckContext, path: string): Promise<Finding[]> {
  const mount = await machine.fileSystem(path)
  if (mount === undefined) return []
  const fact = `${mount.type}, mounted on ${mount.mountPoint}`
  if (mount.readOnly)
    return [fail('file system', `${fact}, read-only`, 'Mount it read-write, or choose another folder with --data.')]
  if (inMemory.has(mount.type))
    return [
      warn('file system', `${fact}: it is in memory, and empty after a restart`, 'Put the data folder on a disk.'),
    ]
  if (mount.type === 'overlay')
    return [
      warn(
        'file system',
        `${fact}: the container's own layer, which is deleted with the container`,
        'Mount a volume, and set --data to it.',
      ),
    ]
  if (remote.test(mount.type))
    return [
      warn(
        'file system',
        `${fact}: durability depends on the file server`,
        'A local disk is faster and safer for the journal.',
      ),
    ]
  return [ok('file system', fact)]
}

/** Time of one sync to disk: Weir acknowledges rows only after a sync. */
async function syncTime({ host: { disk, clock, random }, config: { data } }: CheckContext): Promise<Finding[]> {
  const path = `${data}/doctor-${Buffer.from(random.bytes(6)).toString('hex')}.tmp`
  const page = new Uint8Array(4096).fill(0x57)
  const times: number[] = []
  try {
    const file = await disk.open(path, 'create')
    try {
      for (let at = 0; at < syncs; at++) {
        const started = clock.monotonic()
        await file.write(page, at * page.length)
        await file.sync()
        times.push(clock.monotonic() - started)
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    return [
      fail(
        'disk sync',
        `a file in ${data} could not be written and synced: ${reason(error)}`,
        'Check the disk and the kernel log (dmesg).',
      ),
    ]
  } finally {
    await disk.remove(path).catch(() => undefined)
  }
  times.sort((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  const fact =
    `4 KiB are durable after ${median.toFixed(1)} ms (median of ${syncs}, slowest ` +
    `${(times.at(-1) ?? 0).toFixed(1)} ms)`
  if (median <= slowMs) return [ok('disk sync', fact)]
  return [warn('disk sync', fact, 'Every acknowledgement waits for a sync. A local SSD takes about a millisecond.')]
}

async function room(
  { host: { disk }, config: { data, journal, store } }: CheckContext,
  on: string,
): Promise<Finding[]> {
  let freeBytes: number
  try {
    freeBytes = await disk.free(on)
  } catch (error) {
    return [warn('free space', `unknown: ${reason(error)}`, 'Check with df.')]
  }
  const smallVolumeFact = await smallVolume({ disk }, { journal, store }, on)
  const usedBytes = (await sizeOf(disk, `${data}/journal`)) + (await sizeOf(disk, `${data}/store`))
  const limit =
    journal.max +
    journal.reserve +
    (store.enabled === 'parquet' ? await storeSize({ disk }, { journal, store }, on) : 0)
  const usage = `journal and store use ${sizeText(usedBytes)} and may grow to ${sizeText(limit)}`
  const fact = `${sizeText(freeBytes)} free; ${usage}`
  if (freeBytes <= journal.reserve)
    return [
      fail(
        'free space',
        `${fact}: no data is accepted while less than ${sizeText(journal.reserve)} are free`,
        'Free disk space, or use a larger volume. The oldest rows of the store are removed first.',
      ),
    ]
  if (smallVolumeFact !== undefined)
    return [warn('free space', `the volume has ${smallVolumeFact}; ${sizeText(freeBytes)} are free`, smallVolumeAdvice)]
  if (freeBytes + usedBytes < limit)
    return [warn('free space', fact, 'Lower `journal.max` and `store.size` to fit the disk, or use a larger one.')]
  return [ok('free space', fact)]
}

async function sizeOf(disk: CheckContext['host']['disk'], directory: string): Promise<number> {
  let bytes = 0
  for (const name of await disk.list(directory).catch(() => []))
    bytes += (await disk.stat(`${directory}/${name}`))?.size ?? 0
  return bytes
}

async function lock({ host, config: { data }, running }: CheckContext): Promise<Finding> {
  if (running !== undefined) {
    const fact = `held by ${holderText(running)}`
    if (running.url === '' || (await answers(host, running.url))) return ok('lock', fact)
    if (running.host !== undefined && running.host !== self.hostname)
      return ok('lock', `${fact}; that address belongs to another host or container and was not reachable`)
    return warn('lock', `${fact}, and does not respond there`, 'Check its log.')
  }
  if ((await tryLock(host, data)) === false)
    return fail(
      'lock',
      `the file system of ${data} does not lock files: a start is refused`,
      errorTable.WEIR_DATA_NO_LOCKS.advice,
    )
  const leftLock = readLock(data)
  if (leftLock === undefined) return ok('lock', 'free; no Weir runs here')
  return ok(
    'lock',
    `free; process ${leftLock.pid}${leftLock.host === undefined ? '' : ` on host ${leftLock.host}`} ended without a ` +
      'clean stop, and the next start takes the folder over',
  )
}

async function answers(host: CheckContext['host'], url: string): Promise<boolean> {
  const timeoutAbort = new AbortController()
  const timer = host.timers.after(3000, () => timeoutAbort.abort())
  try {
    const answer = await fetch(`${url}/api/v1/openapi.json`, { signal: timeoutAbort.signal })
    await answer.body?.cancel()
    return true
  } catch {
    return false
  } finally {
    timer.cancel()
  }
}
