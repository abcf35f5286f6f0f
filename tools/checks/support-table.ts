import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { journalSchemas, sinkSchemas, sourceSchemas } from '../../src/components/manifests.ts'
import { connectorRoles, namesFile, readSupport, type Support } from '../docs/support.ts'
import { resultsFile } from '../kit/support-results.ts'
import type { Problem } from '../kit/sources.ts'

type Connectors = Readonly<Record<(typeof connectorRoles)[number], readonly string[]>>

const listed: Connectors = {
  source: Object.keys(sourceSchemas),
  sink: Object.keys(sinkSchemas),
  journal: Object.keys(journalSchemas),
}
const renew = '`npm run test:real -- --write` writes down what tests prove'

export async function supportTable(root: string): Promise<Problem[]> {
  return supportProblems(await readSupport(root), listed, (file) => existsSync(join(root, file)))
}

export function supportProblems(
  { names, results }: Support,
  connectors: Connectors,
  exists: (file: string) => boolean,
): Problem[] {
  const problems: Problem[] = []
  for (const { system, name, source, parts = [] } of names) {
    const ofSystem = results.filter((result) => result.system === system)
    const claim = (proofs: readonly unknown[], what: string) => {
      if (proofs.length === 0)
        problems.push({ file: namesFile, message: `${name}: no test has proved ${what}: ${renew}, or take it out` })
    }
    claim(ofSystem, 'anything')
    if (source !== undefined)
      claim(
        ofSystem.filter(({ role }) => role === 'source'),
        'that it is taken',
      )
    for (const part of parts)
      claim(
        ofSystem.filter((candidate) => candidate.part === part),
        part,
      )
  }
  for (const role of connectorRoles) {
    for (const type of connectors[role]) {
      const systems = names.filter(({ system, connector = system }) => connector === type).map(({ system }) => system)
      if (!results.some((result) => result.role === role && systems.includes(result.system)))
        problems.push({
          file: namesFile,
          message: `connector ${type} has no row as ${role} that a test has proved: name it here; ${renew}`,
        })
    }
  }
  for (const { system, proved_by: file } of results) {
    if (!names.some((name) => name.system === system))
      problems.push({ file: resultsFile, message: `${system} was tested and has no name in ${namesFile}` })
    if (!exists(file))
      problems.push({ file: resultsFile, message: `${file} proved something of ${system} and is gone: ${renew}` })
  }
  return problems
}
