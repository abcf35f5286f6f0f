import type { AnyComponentSchema } from '../../schema/index.ts'
import { findInfo } from '../../schema/field.ts'
import { isRecord } from '../../model/json.ts'
import type { PackageManifest } from '../../engine/manifest.ts'
import { PackageProblem } from './find.ts'

type ZodField = Parameters<typeof findInfo>[0]

const typeName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const metricName = /^[a-z][a-z0-9_]*$/
const exportIt = 'its index must have `export default defineConnector({ … })`'

/** The manifest that a package exports. Throws a PackageProblem that names the wrong part. */
export function verifyManifest(shown: string, exported: unknown): PackageManifest {
  const wrong = (what: string, hint: string): never => {
    throw new PackageProblem(`${shown} has no usable manifest: ${what}`, hint)
  }
  if (!isRecord(exported)) return wrong('it has no default export', exportIt)
  const { source, sinks = [], journal, metrics = {} } = exported
  if (journal !== undefined) return wrong('a package cannot provide a journal', 'remove `journal`')
  if (source === undefined && (!Array.isArray(sinks) || sinks.length === 0))
    return wrong('it names neither a source nor sinks', exportIt)
  if (!Array.isArray(sinks)) return wrong('`sinks` is no list', exportIt)
  if (source !== undefined) {
    if (!isRecord(source)) return wrong('`source` is no object', exportIt)
    if (source['builtIn'] !== undefined)
      return wrong('a source of a package runs only when it is configured', 'remove `builtIn`')
    if (!['ingest', 'watch'].includes(String(source['thread'])))
      return wrong('`source.thread` is neither `ingest` nor `watch`', 'set one of them')
    verifySchema(source['schema'], 'source', wrong)
  }
  for (const schema of sinks) verifySchema(schema, 'sink', wrong)
  if (!isRecord(metrics)) return wrong('`metrics` is no object', 'use `counter` and `gauge`')
  for (const [name, metric] of Object.entries(metrics))
    if (!metricName.test(name) || !isRecord(metric) || !['counter', 'gauge'].includes(String(metric['kind'])))
      return wrong(`\`${name}\` is no metric`, 'use `counter` and `gauge`, and a name of a-z, 0-9 and `_`')
  return exported as PackageManifest
}

function verifySchema(
  given: unknown,
  role: 'source' | 'sink',
  wrong: (what: string, hint: string) => never,
): AnyComponentSchema {
  if (!isRecord(given) || typeof given['type'] !== 'string' || !isRecord(given['fields']))
    return wrong(`the settings of a ${role} are not made by \`defineSchema\``, 'use `defineSchema`')
  const { type, fields } = given
  if (!typeName.test(type))
    return wrong(`\`${type}\` is no type`, 'use lower-case letters, digits and `-`, starting with a letter')
  if (given['role'] !== role) return wrong(`\`${type}\` is not the schema of a ${role}`, `set \`role: '${role}'\``)
  for (const [name, field] of Object.entries(fields))
    if (!isRecord(field) || !('_zod' in field) || findInfo(field as unknown as ZodField) === undefined)
      return wrong(
        `the setting \`${name}\` of \`${type}\` is not made by a function of \`weir-collector/settings\``,
        'import it, have `weir-collector` in `peerDependencies`, and do not bundle it',
      )
  return given as unknown as AnyComponentSchema
}
