/** Documents about the content of images: bills of materials, vulnerability reports, inspections, waivers. */
import { isRecord, textOf, type Fields } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { jsonMemory } from '../../model/json-memory.ts'
import { releaseBuffer } from '../../model/release-buffer.ts'
import { attested } from './attestation.ts'
import { recordsOf } from './collect.ts'
import { readCycloneDx } from './cyclonedx.ts'
import { isFindingExport, readFindingExport } from './finding-packaging.ts'
import { readGrype } from './grype.ts'
import { isInspect, readInspect } from './inspect.ts'
import { readOpenVex } from './openvex.ts'
import { ReportError, type Report } from './report.ts'
import { isTagValue, readTagValue } from './spdx-tag-value.ts'
import { isSpdxYaml, readSpdxYaml } from './spdx-yaml.ts'
import { readSpdx } from './spdx.ts'
import { readSpdx3Security } from './spdx3-security.ts'
import { isSpdx3, readSpdx3 } from './spdx3.ts'
import { readSyft } from './syft.ts'
import { isTrivyKubernetes, isTrivyOperator, readTrivyKubernetes, readTrivyOperator } from './trivy-kubernetes.ts'
import { readTrivy } from './trivy.ts'
import { inUtf8, unpack, type Reserve } from './unpack.ts'
import { isXml, readXml } from './xml.ts'

export { eventsOfReport, hasParts, imageOfReport, type ReportOrigin } from './events.ts'
export { clipped, distinctProblems } from './collect.ts'
export { digestIn, readImageName } from './image.ts'
export { severityOf } from './severity.ts'
export { unpack, type Reserve } from './unpack.ts'
export { ReportError, reportFormats, type Report, type ReportFormat, type ReportProblem } from './report.ts'

export const defaultMaxBytes = 64 << 20

/** Elements and attributes of XML, by byte of the text. */
const xmlPerByte = 12
/** Nodes and tokens of YAML, by byte of the text. */
const yamlPerByte = 40

/** As {@link readReports}, of a document about one image. */
export async function readReport(bytes: Uint8Array, maxBytes?: number, reserve?: Reserve): Promise<Report> {
  const [report, ...others] = await readReports(bytes, maxBytes, reserve)
  if (report === undefined || others.length > 0)
    throw new ReportError('malformed', `The document is about ${others.length + 1} images instead of one.`)
  return report
}

/**
 * One report for each image of the document. Rejects with a {@link ReportError} that states why the document is not
 * readable. `reserve` is called with the sizes of the unpacked document, and of its values before they are parsed.
 */
export async function readReports(
  bytes: Uint8Array,
  maxBytes = defaultMaxBytes,
  reserve: Reserve = () => undefined,
): Promise<readonly Report[]> {
  const unpacked = inUtf8(await unpack(bytes, maxBytes, reserve), reserve)
  if (isXml(unpacked)) {
    reserve(xmlPerByte * unpacked.length)
    return [readCycloneDx(await readXml(unpacked), 'cyclonedx-xml')]
  }
  if (isTagValue(unpacked)) {
    reserve(xmlPerByte * unpacked.length)
    return [readSpdx(readTagValue(textIn(unpacked)), 'spdx-tag-value')]
  }
  if (isSpdxYaml(unpacked)) {
    reserve(yamlPerByte * unpacked.length)
    return [readSpdx(await readSpdxYaml(textIn(unpacked)), 'spdx-yaml')]
  }
  reserve(jsonMemory(unpacked))
  const document = parse(unpacked)
  if (unpacked !== bytes) releaseBuffer(unpacked, unpacked.buffer.byteLength)
  return readDocument(document)
}

function textIn(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ReportError('malformed', 'The document is not UTF-8.')
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    assertShallow(bytes)
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : ''
    throw new ReportError('malformed', `The document is not JSON: ${reason}.`)
  }
}

function readDocument(document: unknown): readonly Report[] {
  if (Array.isArray(document)) {
    const [first] = document
    if (isRecord(first) && 'Target' in first) return [readTrivy({}, document)]
    if (document.length === 1 && isRecord(first)) return readDocument(first)
  }
  if (!isRecord(document)) throw new ReportError('unknown-format', 'The document is no JSON object.')
  const statement = attested(document)
  if (statement !== undefined)
    return readDocument(statement.document).map((report) => aboutSubjects(report, statement.subjects))
  // The export of GitHub's dependency graph.
  if (isRecord(document['sbom']) && 'spdxVersion' in document['sbom']) return readDocument(document['sbom'])
  if (textOf(document['kind'])?.endsWith('List') === true && Array.isArray(document['items'])) {
    const items = recordsOf(document['items']).filter(isTrivyOperator)
    if (items.length > 0) return items.map(readTrivyOperator)
  }
  if (isTrivyKubernetes(document)) return readTrivyKubernetes(document)
  const read = readerOf(document)
  if (read === undefined)
    throw new ReportError(
      'unknown-format',
      'The format is none of CycloneDX, SPDX, Syft, Trivy, Grype, Dependency-Track, OpenVEX and image inspect.' +
        keysText(document),
    )
  return [read(document)]
}

/** The subject is the image, unless there are several. */
function aboutSubjects(report: Report, subjects: readonly string[]): Report {
  const [subject, second] = subjects
  if (subject === undefined || second !== undefined) return { ...report, subjects }
  const { digest, aliases = [] } = report.image
  const image =
    digest === undefined
      ? { ...report.image, digest: subject }
      : { ...report.image, aliases: [...new Set([...aliases, subject])] }
  return { ...report, subjects, image }
}

function readerOf(document: Fields): ((document: Fields) => Report) | undefined {
  if (document['bomFormat'] === 'CycloneDX') return (given) => readCycloneDx(given)
  if (textOf(document['spdxVersion'])?.startsWith('SPDX-2') === true) return (given) => readSpdx(given)
  if (isSpdx3(document))
    return (given) => ({ ...readSpdx(readSpdx3(given), 'spdx-3-json'), ...readSpdx3Security(given) })
  if (textOf(document['@context'])?.includes('openvex') === true) return readOpenVex
  // Programs in Go write null for an empty list.
  if (isList(document, 'artifacts') && 'schema' in document) return readSyft
  if (isList(document, 'matches') && 'descriptor' in document) return readGrype
  if (isTrivyOperator(document)) return readTrivyOperator
  if (isFindingExport(document)) return readFindingExport
  if ('SchemaVersion' in document && ('Results' in document || 'ArtifactName' in document))
    return (given) => readTrivy(given)
  return isInspect(document) ? readInspect : undefined
}

function isList(document: Fields, name: string): boolean {
  return Array.isArray(document[name]) || document[name] === null
}

function keysText(document: Fields): string {
  const keys = Object.keys(document).slice(0, 5)
  return keys.length === 0 ? '' : ` It has ${keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')}.`
}
