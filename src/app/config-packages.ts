import { dirname, resolve } from 'node:path'
import { packageName, type ConnectorPackage } from '../components/packages/contract.ts'
import { packageClash, usePackages } from '../components/manifests.ts'
import { messageOf } from '../model/errors.ts'
import { fieldsOf } from '../model/json.ts'
import { applyOverrides, formatPath, type ConfigDocument, type Override, type Problem } from '../schema/index.ts'
import { filesOf, locate } from '../schema/document.ts'
import { deliveryFields } from './config-delivery.ts'

const variable = 'WEIR_CONNECTORS'
const wholeName = new RegExp(`^(?:${packageName.source})$`)

/**
 * Loads the packages of `connectors` and adds their types to the configuration. Types of other packages are removed.
 * After a problem the types stay as they were.
 */
export async function useConnectorPackages(
  parsed: ConfigDocument,
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly Override[],
): Promise<readonly Problem[]> {
  const document = applyOverrides(parsed, [
    ...fromVariable(env[variable]),
    ...flags.filter(({ path: [first] }) => first === 'connectors'),
  ])
  const { connectors } = fieldsOf(document.value)
  // Validation reports what is no list of names.
  const names = Array.isArray(connectors) ? connectors.filter((name) => typeof name === 'string') : []
  const used: ConnectorPackage[] = []
  const problems: Problem[] = []
  for (const [index, name] of names.entries()) {
    if (!wholeName.test(name) || names.indexOf(name) < index) continue
    const path = ['connectors', index]
    const location = locate(document, path, 'value')
    const complain = (message: string, hint: string): void =>
      void problems.push({ ...location, path: formatPath(path), message, hint })
    try {
      // Most configurations need no package.
      const { loadPackage } = await import('../components/packages/load.ts')
      const loaded = await loadPackage(name, folderOf(document, location.file))
      const clash = packageClash(loaded, used) ?? hiddenField(loaded)
      if (clash === undefined) used.push(loaded)
      else
        complain(
          `\`${name}\` ${loaded.version} cannot be used: ${clash}`,
          'remove the package, or use another version of it; a reload replaces no loaded package',
        )
    } catch (error) {
      if (error instanceof Error && 'hint' in error) complain(error.message, String(error.hint))
      else complain(`\`${name}\` cannot be used: ${messageOf(error)}`, 'correct or remove the package')
    }
  }
  if (problems.length === 0) usePackages(used)
  return problems
}

function fromVariable(text: string | undefined): readonly Override[] {
  if (text === undefined || text === '') return []
  const value = text.split(',').map((part) => part.trim())
  return [{ path: ['connectors'], value, origin: variable }]
}

/** The folder of the file that names the package; the working directory for variables and flags. */
function folderOf(document: ConfigDocument, file: string): string {
  return filesOf(document).some((candidate) => candidate.file === file && candidate.text !== '')
    ? dirname(resolve(file))
    : resolve('.')
}

function hiddenField({ manifest: { source, sinks = [] } }: ConnectorPackage): string | undefined {
  const shared: readonly (readonly [readonly string[], readonly string[]])[] = [
    ...(source === undefined ? [] : [[Object.keys(source.schema.fields), ['type']] as const]),
    ...sinks.map(({ fields }) => [Object.keys(fields), ['type', ...Object.keys(deliveryFields)]] as const),
  ]
  for (const [keys, taken] of shared) {
    const hidden = keys.find((name) => taken.includes(name))
    if (hidden !== undefined) return `its setting \`${hidden}\` would hide one that every entry has`
  }
  return undefined
}
