import { packagesInUse } from '../../components/manifests.ts'
import { ok, type Finding } from './finding.ts'

/** An unusable package is an error of the configuration. */
export function checkPackages(): Finding[] {
  return packagesInUse().map(({ name, version, manifest: { source, sinks = [] } }) => {
    const parts = [
      ...(source === undefined ? [] : [`source \`${source.schema.type}\``]),
      ...sinks.map(({ type }) => `sink \`${type}\``),
    ]
    return ok('connector package', `${name} ${version}: ${parts.join(', ')}`)
  })
}
