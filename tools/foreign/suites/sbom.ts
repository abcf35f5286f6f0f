/**
 * Documents of scanners and of standards: packages, problems and statements are as many as the document lists, counted
 * independently. Documents that a standard has as invalid are refused, or read without their unreadable parts.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { inUtf8 } from '../../../src/codecs/sbom/unpack.ts'
import { readReports, type Report } from '../../../src/codecs/sbom/index.ts'
import { isRecord, type Fields } from '../../../src/model/json.ts'
import { countJson, countXml } from '../sbom/cyclonedx.ts'
import type { Counts } from '../sbom/counts.ts'
import { countScan } from '../sbom/scans.ts'
import { countSpdx, countSpdx3, countTags, countYaml } from '../sbom/spdx.ts'
import type { Outcome, Suite } from '../suite.ts'

const counters: readonly ((document: Fields) => Counts | undefined)[] = [countJson, countSpdx, countSpdx3, countScan]

/** Undefined for files in other formats. */
function countsOf(bytes: Uint8Array): Counts | undefined {
  const text = Buffer.from(inUtf8(bytes, () => undefined)).toString()
  if (/^\uFEFF?\s*</.test(text)) return countXml(text)
  let document: unknown
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return countTags(text) ?? countYaml(text)
  }
  if (!isRecord(document)) return undefined
  for (const count of counters) {
    const counts = count(document)
    if (counts !== undefined) return counts
  }
  return undefined
}

const found = (reports: readonly Report[]): Counts => {
  const [report] = reports
  const { listed, problems, waivers, skipped } = report ?? {}
  return { listed, problems: problems?.length, waivers: waivers?.length, skipped: skipped ?? 0 }
}

async function outcomeOf(name: string, bytes: Uint8Array): Promise<Outcome | undefined> {
  const counts = countsOf(bytes)
  if (counts === undefined) return undefined
  const isInvalid = /(?:^|\/)invalid[-/]/.test(name)
  try {
    const own = found(await readReports(bytes))
    const compared = Object.entries(counts).filter(([, count]) => count !== undefined) as [keyof Counts, number][]
    const wrong = compared.filter(([part, count]) => own[part] !== count)
    const detail = wrong.map(([part, count]) => `${part} ${own[part]}, right ${count}`).join('\n')
    return { name, verdict: wrong.length === 0 ? 'right' : 'wrong', detail }
  } catch (error) {
    const detail = error instanceof Error ? error.message : ''
    return { name, verdict: isInvalid ? 'right' : 'refused', detail }
  }
}

export const suite: Suite = {
  summary:
    'CycloneDX, SPDX, Trivy, Grype, Syft, OpenVEX, trivy-operator: as many packages, problems and statements as the ' +
    'document lists. Of documents that a schema refuses, the readable packages count.',
  source:
    'a folder per project, with the files of its repository: cyclonedx/specification (tools/src/test/resources), ' +
    'cyclonedx/bom-examples, spdx/spdx-examples, spdx/spdx-spec, spdx/spdx-3-model, spdx/tools-golang, ' +
    'spdx/tools-java, spdx/tools-python, ' +
    'dependencytrack/dependency-track, aquasecurity/trivy, aquasecurity/trivy-operator, anchore/grype, anchore/syft, ' +
    'openvex/vexctl, openvex/go-vex, guacsec/guac, interlynk-io/sbomqs',
  async *outcomes(folder) {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const path of paths.toSorted()) {
      if (!/\.(?:json|jsonld|golden|xml|spdx|tag|cdx|vex|ya?ml)$/.test(path)) continue
      const outcome = await outcomeOf(relative(folder, path), await readFile(path))
      if (outcome !== undefined) yield outcome
    }
  },
}
