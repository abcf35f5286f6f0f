/** Reads the local files that sources about images read. */
import { fieldsOf } from '../../model/json.ts'
import { loadSource } from '../../components/registry.ts'
import { fail, ok, reason, warn, type CheckContext, type Finding } from './finding.ts'

export async function checkImages(scene: CheckContext): Promise<Finding[]> {
  const entries = Object.values(scene.config.sources)
  const [documents, feeds] = [
    entries.filter(({ type }) => type === 'sbom'),
    entries.filter(({ type }) => type === 'vulnerability-feeds'),
  ]
  return [
    ...(await Promise.all(documents.map((entry) => checkFolder(scene, entry)))).flat(),
    ...(await Promise.all(feeds.map((entry) => checkFeeds(scene, entry)))),
    ...(feeds.length > 0 && documents.length === 0
      ? [
          warn(
            'images',
            'there are feeds of vulnerabilities, but no source of reports about images',
            'Configure a source `sbom`, unless reports arrive over HTTP.',
          ),
        ]
      : []),
  ]
}

type Entry = CheckContext['config']['sources'][string]

async function checkFolder({ host }: CheckContext, { id, settings }: Entry): Promise<Finding[]> {
  const { path } = fieldsOf(settings)
  if (typeof path !== 'string') return []
  const check = `source ${id}`
  const advice = 'Let scanners write their reports into it; see `weir help insights`.'
  try {
    const entry = await host.disk.stat(path)
    if (entry?.directory !== true) return [fail(check, `${path} is not a folder`, advice)]
    const entries = await host.disk.list(path)
    return [
      entries.length === 0
        ? warn(check, `${path} is empty`, advice)
        : ok(check, `${path} has ${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`),
    ]
  } catch (error) {
    return [fail(check, `${path} cannot be read: ${reason(error)}`, advice)]
  }
}

async function checkFeeds({ host }: CheckContext, { id, type, settings }: Entry): Promise<Finding> {
  const check = `source ${id}`
  const advice = 'Renew the file with the program that downloads it; the last good feed stays in use.'
  const source = await loadSource(type)
  const probe = await source.probe?.(settings, { id, host }, new AbortController().signal)
  if (probe === undefined) return ok(check, 'its files are not tested')
  const { is, message } = probe
  return is === 'ok' ? ok(check, message) : is === 'warn' ? warn(check, message, advice) : fail(check, message, advice)
}
