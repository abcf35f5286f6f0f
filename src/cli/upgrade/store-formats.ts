import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { readManifest } from '../../store/manifest.ts'
import { schemaVersion } from '../../store/schema.ts'
import { fail, ok, warn, type Finding } from '../doctor/finding.ts'

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

export async function storeFormats(host: Host, data: string): Promise<Finding[]> {
  const check = 'store'
  const directory = `${data}/store`
  if ((await host.disk.stat(directory)) === undefined) return [ok(check, 'none: a start creates it')]
  try {
    const { state, damaged, empty } = await readManifest(host.disk, directory)
    const files = [...state.files.values()].filter(({ lost }) => lost !== true)
    const versions = new Map<number, number>()
    for (const { schema } of files) versions.set(schema, (versions.get(schema) ?? 0) + 1)
    const listed = [...versions]
      .toSorted(([a], [b]) => a - b)
      .map(([schema, count]) => `${plural(count, 'file')} with column set ${schema}`)
    const fact = files.length === 0 ? 'no files' : listed.join(', ')
    const newest = Math.max(0, ...versions.keys())
    if (newest > schemaVersion)
      return [
        fail(
          check,
          `${fact}; this version knows column sets up to ${schemaVersion}`,
          'Run the version that wrote it, or a later one, or restore the backup.',
        ),
      ]
    return [
      earlier(check, fact, versions),
      ...(damaged && !empty
        ? [
            warn(
              'manifest of the store',
              'the list of files is damaged',
              'A start rebuilds it from the files and their names.',
            ),
          ]
        : []),
    ]
  } catch (error) {
    return [fail(check, `cannot be read: ${messageOf(error)}`, 'Run the command as the user of the folder.')]
  }
}

function earlier(check: string, fact: string, versions: ReadonlyMap<number, number>): Finding {
  const old = [...versions].filter(([schema]) => schema < schemaVersion).reduce((sum, [, count]) => sum + count, 0)
  if (old === 0) return ok(check, `${fact}; nothing to convert`)
  const are = old === 1 ? '1 file stays' : `${old} files stay`
  return ok(check, `${fact}; ${are} as written, and later columns are NULL in the rows`)
}
