/** Documents of scanners: packages and problems are as many as the document itself lists, counted independently. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readReports } from '../../../src/codecs/sbom/index.ts'
import { fieldsOf, isRecord, textOf, type Fields } from '../../../src/model/json.ts'
import type { Outcome, Suite } from '../suite.ts'

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isRecord) : [])
const key = (...parts: readonly unknown[]): string => JSON.stringify(parts.map((part) => textOf(part) ?? ''))

/** Distinct problems by id, package and version; undefined for formats without a list of their own. */
function problemsOf(document: Fields): number | undefined {
  if (Array.isArray(document['matches']))
    return new Set(
      list(document['matches']).map(({ vulnerability, artifact }) => {
        const { name, version, purl } = fieldsOf(artifact)
        return key(fieldsOf(vulnerability)['id'], name, version, textOf(purl)?.split('?')[0])
      }),
    ).size
  const results = list(document['Results'])
  if (!('SchemaVersion' in document) || !results.some(({ Vulnerabilities: found }) => Array.isArray(found)))
    return undefined
  return new Set(
    results.flatMap(({ Type: type, Vulnerabilities: found }) =>
      list(found).map((one) => key(one['VulnerabilityID'], one['PkgName'], one['InstalledVersion'], type)),
    ),
  ).size
}

/** Packages before equal ones are merged. */
function listedOf(document: Fields): number | undefined {
  if (Array.isArray(document['artifacts'])) return list(document['artifacts']).filter(({ name }) => name !== '').length
  const packages = list(document['Results']).flatMap((result) => list(result['Packages']))
  return 'SchemaVersion' in document && packages.length > 0 ? packages.length : undefined
}

async function outcomeOf(name: string, bytes: Uint8Array): Promise<Outcome | undefined> {
  let document: unknown
  try {
    document = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
  if (!isRecord(document)) return undefined
  const [problems, listed] = [problemsOf(document), listedOf(document)]
  if (problems === undefined && listed === undefined) return undefined
  try {
    const reports = await readReports(bytes)
    const [report] = reports
    const found = [
      problems === undefined ? undefined : report?.problems?.length,
      listed === undefined ? undefined : report?.listed,
    ]
    const isRight = found[0] === problems && found[1] === listed
    const detail = `problems ${problems} → ${found[0]}, packages ${listed} → ${found[1]}`
    return { name, verdict: isRight ? 'right' : 'wrong', detail }
  } catch (error) {
    return { name, verdict: 'refused', detail: error instanceof Error ? error.message : '' }
  }
}

export const suite: Suite = {
  summary: 'Trivy, Grype and Syft: as many problems and packages as the document lists.',
  source: 'github.com/aquasecurity/trivy: integration/testdata; github.com/anchore/grype: snapshots of its presenters',
  async *outcomes(folder) {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of names.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!entry.isFile() || !/\.(?:json|golden)$/.test(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      const outcome = await outcomeOf(relative(folder, path), await readFile(path))
      if (outcome !== undefined) yield outcome
    }
  },
}
