import { createHash } from 'node:crypto'
import {
  digestIn,
  eventsOfReport,
  imageOfReport,
  hasParts,
  readReports,
  ReportError,
  type Report,
} from '../../codecs/sbom/index.ts'
import type { MemoryBudget } from '../../host/index.ts'
import { hasCode, messageOf } from '../../model/errors.ts'
import { insightTypes, type ImageData } from '../../model/image-insights.ts'
import type { WeirEvent } from '../../model/events.ts'

export type Outcome =
  | 'accepted'
  | 'too_large'
  | 'malformed'
  | 'unknown_format'
  | 'no_image'
  | 'other_image'
  | 'no_content'

export type ReadDocument = Readonly<{
  outcome: Outcome
  message?: string
  /** Why parts of an accepted document are not readable. */
  skipped?: string
  events: readonly WeirEvent[]
}>

export type Document = Readonly<{
  path: string
  bytes: Uint8Array
  /** Unix ms: the file's, and now. */
  modified: number
  now: number
  /** The image that the place of the document is about; what the document states of it counts less. */
  image?: KnownImage
}>

/** `digests`: all of the image and its platforms, of which an attestation may be about one. */
export type KnownImage = Readonly<{ image: Partial<ImageData> & { digest: string }; digests: ReadonlySet<string> }>

const endings = /\.(json|cdx|spdx|xml|vex)(\.gz|\.zst)?$|\.(gz|zst)$/i

export function isDocument(name: string): boolean {
  return !name.startsWith('.') && endings.test(name)
}

/** Rejects with WEIR_MEMORY_BUSY: a later read may succeed. */
export async function readDocument(document: Document, maxBytes: number, memory: MemoryBudget): Promise<ReadDocument> {
  const { path, bytes, modified, now } = document
  let reports: readonly Report[]
  try {
    reports = await memory.use(bytes.length, (lease) => readReports(bytes, maxBytes, (size) => lease.grow(size)))
  } catch (error) {
    if (hasCode(error, 'WEIR_MEMORY_TOO_LARGE'))
      return rejected(document, 'too_large', `The document is too large: ${messageOf(error)}.`)
    if (!(error instanceof ReportError)) throw error
    return rejected(document, error.problem.replaceAll('-', '_') as Outcome, error.message)
  }
  const [single, ...others] = reports
  if (single === undefined || others.length > 0) return ofSeveral(document, reports)
  let report = single
  const position = document.image
  if (position !== undefined) {
    const { subjects = [] } = report
    if (subjects.length > 0 && !subjects.some((subject) => position.digests.has(subject)))
      return rejected(document, 'other_image', 'The attestation is about another image than the one it is attached to.')
    report = limitedTo(position, report)
  }
  if (isEmpty(report))
    return rejected(
      document,
      'no_content',
      'The document lists no packages, searched no packages for problems, and has neither facts nor waivers.',
    )
  const digest = digestIn(path.replaceAll(/sha256[-_]/g, 'sha256:'))
  const image = position?.image ?? (report.image.digest === undefined && digest !== undefined ? { digest } : {})
  if (imageOfReport(report, image) === undefined && (report.waivers ?? []).length === 0)
    return rejected(
      document,
      'no_image',
      'The document does not name the digest of an image. Write it into the file name: sha256-<hex>.json.',
    )
  const events = eventsOfReport(report, {
    sha256: sha256Of(bytes),
    time: Math.min(modified, now),
    written: now,
    origin: path,
    image,
  })
  return accepted(events, report.skippedReason)
}

function accepted(events: readonly WeirEvent[], skipped: string | undefined): ReadDocument {
  return { outcome: 'accepted', events, ...(skipped === undefined ? {} : { skipped }) }
}

function isEmpty(report: Report): boolean {
  return !hasParts(report) && (report.waivers ?? []).length === 0
}

/** Each report names its image. A place that is about one image has the report about that one only. */
function ofSeveral(document: Document, reports: readonly Report[]): ReadDocument {
  const { path, bytes, modified, now, image: position } = document
  const chosen = reports.filter((report) => {
    const image = imageOfReport(report)
    return !isEmpty(report) && image !== undefined && (position === undefined || position.digests.has(image.digest))
  })
  if (chosen.length === 0)
    return rejected(document, 'no_image', `None of the ${reports.length} reports of the document names its image.`)
  const sha256 = sha256Of(bytes)
  const times = { sha256, time: Math.min(modified, now), written: now, origin: path }
  const events = chosen.flatMap((report, part) => eventsOfReport(report, { ...times, part }))
  const left = reports.length - chosen.length
  const reason = reports.find(({ skippedReason }) => skippedReason !== undefined)?.skippedReason
  return accepted(events, reason ?? (left === 0 ? undefined : `${left} of ${reports.length} reports name no image.`))
}

/** Whoever may push to one repository must neither describe nor waive problems of the images of others. */
function limitedTo({ image, digests }: KnownImage, report: Report): Report {
  const waivers = report.waivers
    ?.filter(({ image: of }) => of === undefined || digests.has(of))
    .map((waiver) => ({ ...waiver, image: image.digest }))
  const { digest: _, aliases: __, ...named } = report.image
  return { ...report, image: named, ...(waivers === undefined ? {} : { waivers }) }
}

export function rejected(
  { path, bytes, now }: Pick<Document, 'path' | 'bytes' | 'now'>,
  outcome: Outcome,
  message: string,
): ReadDocument {
  const sha256 = sha256Of(bytes)
  const event: WeirEvent = {
    id: `${sha256.slice(0, 20)}-${Math.floor(now).toString(36)}-rejected`,
    source: '/images/rejected',
    type: insightTypes.rejected,
    subject: path,
    time: now,
    datacontenttype: 'application/json',
    family: 'event',
    encoding: 'json',
    data: new TextEncoder().encode(
      JSON.stringify({ origin: path, reason: outcome, message, bytes: bytes.length, sha256 }),
    ),
  }
  return { outcome, message, events: [event] }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
