// Neo4j Community is fetched from Maven Central as jars (120 MB).
import type { Installed } from './apt.ts'
import { installJars } from './jars.ts'
import { sayInstalled } from './say.ts'

export const neo4j = { name: 'neo4j', version: '5.26.30' } as const

export function installNeo4j(): Promise<Installed> {
  return installJars({
    ...neo4j,
    artifacts: [`org.neo4j.app:neo4j-server:${neo4j.version}`, `org.neo4j:neo4j:${neo4j.version}`],
  })
}

await sayInstalled(import.meta.url, neo4j.name, installNeo4j)
