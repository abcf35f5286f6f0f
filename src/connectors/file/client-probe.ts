import type { Probe } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'

export async function probeFile(path: string, { disk, random }: Host): Promise<Probe> {
  const stat = (of: string) => disk.stat(of).catch(() => undefined)
  const here = await stat(path)
  if (here?.directory === true) return { is: 'fail', message: `${path} is a folder; name a file in it` }
  const missing: string[] = []
  let folder = above(path)
  for (; folder !== '/' && folder !== '.' && (await stat(folder)) === undefined; folder = above(folder))
    missing.push(folder)
  if ((await stat(folder))?.directory !== true)
    return { is: 'fail', message: `${folder} is not a folder, so ${path} can't be created` }
  const trial = `${folder}/.weir-${Buffer.from(random.bytes(6)).toString('hex')}`
  try {
    const file = await disk.open(trial, 'create')
    await file.close()
    await disk.remove(trial)
  } catch (error) {
    return {
      is: 'fail',
      message: `no write access to ${folder} (${messageOf(error)}); grant it to the user that runs Weir`,
    }
  }
  const found =
    here === undefined
      ? missing.length === 0
        ? 'it will be created'
        : `it will be created, with ${missing.length === 1 ? 'the folder' : 'the folders'} above it`
      : 'it exists, and lines are appended'
  return { is: 'ok', message: `${path}: ${found}` }
}

function above(path: string) {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : path.slice(0, slash) || '/'
}
