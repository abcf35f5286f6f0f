import { fileURLToPath } from 'node:url'
import { version } from '../app/version.ts'
import { contract } from '../components/packages/contract.ts'
import { realHost } from '../host/index.ts'
import { CommandError } from './client.ts'
import { connectorForms, writeTemplates } from './create-connector.ts'

const templates = fileURLToPath(new URL('../../tools/connector-package', import.meta.url))

/** Creates `weir-connector-NAME` in the working directory: an npm package with a source, a sink and their tests. */
export async function createPackage(name: string): Promise<Readonly<{ folder: string; files: readonly string[] }>> {
  const { disk } = realHost()
  const forms = { ...connectorForms(name), version, contract: String(contract) }
  const folder = `weir-connector-${name}`
  if ((await disk.stat(folder)) !== undefined)
    throw new CommandError(`${folder} already exists.`, ['Choose another name, or remove the folder.'], 2)
  const files = await writeTemplates(disk, templates, folder, ['', '/src', '/test'], forms)
  return { folder, files }
}
