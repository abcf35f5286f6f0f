/** Formats of the parts of a data folder. Nothing is written. */
import type { Host } from '../../host/index.ts'
import { workloadFormat, workloadHead, workloadFiles } from '../../identity/workload-file.ts'
import { frameVersion } from '../../journal/frame.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import { listSegments } from '../../journal/recover.ts'
import { checkFolder } from '../journal-check.ts'
import { journalFolder } from '../journal-folder.ts'
import { fail, ok, warn, type Finding } from '../doctor/finding.ts'
import { storeFormats } from './store-formats.ts'

/** An empty folder is a valid beginning. */
export async function checkFormats(host: Host, data: string): Promise<Finding[]> {
  return [await journal(host, data), ...(await storeFormats(host, data)), ...(await names(host, data))]
}

async function journal(host: Host, data: string): Promise<Finding> {
  const check = 'journal'
  const there = await host.disk.stat(`${data}/journal`)
  if (there === undefined) return ok(check, 'none: a start creates it')
  try {
    if ((await listSegments(host.disk, `${data}/journal`)).length === 0) return ok(check, 'empty')
    const folder = await journalFolder(host, data)
    const { frames, events, unreadable } = await checkFolder(host, folder)
    const fact = `${frames} frames of versions up to ${frameVersion}, ${events} rows; nothing to convert`
    if (unreadable.length === 0) return ok(check, fact)
    return warn(
      check,
      `${fact}; ${unreadable.length} unreadable ranges`,
      'A start skips them and counts their rows as quarantined. `weir journal check` shows the ranges.',
    )
  } catch (error) {
    if (error instanceof WeirError && error.code === 'WEIR_DATA_NEWER')
      return fail(check, `${error.message}; this version reads up to ${frameVersion}`, error.advice)
    return fail(check, `cannot be read: ${messageOf(error)}`, 'Run the command as the user of the folder.')
  }
}

/** Names of flows. A start reads them again from the journal if it cannot read the file. */
async function names(host: Host, data: string): Promise<Finding[]> {
  const check = 'names of flows'
  const directory = `${data}/identity`
  if ((await host.disk.stat(directory)) === undefined) return []
  const [newest] = await workloadFiles(host.disk, directory)
  if (newest === undefined) return []
  try {
    const { format } = workloadHead(await host.disk.readFile(`${directory}/${newest}`))
    if (format === workloadFormat) return [ok(check, `format ${format}; nothing to convert`)]
    return [warn(check, `format ${format}`, 'A start rebuilds the names from the journal and the watched clusters.')]
  } catch (error) {
    return [
      warn(
        check,
        `${newest} cannot be read: ${messageOf(error)}`,
        'A start rebuilds the names from the journal and the watched clusters.',
      ),
    ]
  }
}
