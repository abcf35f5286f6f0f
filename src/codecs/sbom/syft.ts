/** Syft's own JSON, schemas 1 to 16. */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { PackageList, recordsOf, textsOf } from './collect.ts'
import { osFact } from './cyclonedx.ts'
import { imageFrom, valuesOf } from './image.ts'
import type { Report } from './report.ts'

export function readSyft(document: Fields): Report {
  const packages = new PackageList()
  for (const artifact of recordsOf(document['artifacts']))
    packages.add({
      name: textOf(artifact['name']),
      version: textOf(artifact['version']),
      type: textOf(artifact['type']),
      purl: textOf(artifact['purl']),
      licenses: textsOf(
        valuesOf(artifact, 'licenses').map((value) => {
          if (typeof value === 'string') return value
          const license = fieldsOf(value)
          return textOf(license['spdxExpression']) ?? textOf(license['value'])
        }),
      ),
      cpes: textsOf(
        valuesOf(artifact, 'cpes').map((value) => (typeof value === 'string' ? value : fieldsOf(value)['cpe'])),
      ),
      locations: textsOf(recordsOf(artifact['locations']).map((record) => record['path'])),
    })
  const descriptor = fieldsOf(document['descriptor'])
  const facts = distroFacts(fieldsOf(document['distro']))
  return withoutUndefined<Report>({
    format: 'syft-json',
    tool: withoutUndefined({ name: textOf(descriptor['name']) ?? 'syft', version: textOf(descriptor['version']) }),
    image: sourceImage(fieldsOf(document['source'])),
    packages: packages.packages,
    listed: packages.listed,
    ...packages.skipped,
    facts: facts.length === 0 ? undefined : facts,
  })
}

export function distroFacts(distro: Fields): NonNullable<Report['facts']> {
  const pretty = textOf(distro['prettyName'])
  return pretty === undefined
    ? osFact(textOf(distro['id']) ?? textOf(distro['name']), textOf(distro['versionID']) ?? textOf(distro['version']))
    : osFact(pretty, undefined)
}

/** `metadata` or, in old schemas, `target`. */
export function sourceImage(source: Fields): Report['image'] {
  if (textOf(source['type']) !== 'image') return {}
  const about = fieldsOf(source['metadata'] ?? source['target'])
  return imageFrom({
    names: valuesOf(about, 'tags', 'userInput'),
    digests: valuesOf(about, 'repoDigests', 'manifestDigest', 'imageID'),
    more: withoutUndefined({ os: textOf(about['os']), architecture: textOf(about['architecture']) }),
  })
}
