import { createHash } from 'node:crypto'
import {
  digestIn,
  eventsOfReport,
  imageOfReport,
  readReport,
  ReportError,
  type Report,
} from '../../codecs/sbom/index.ts'
import type { MemoryBudget } from '../../host/index.ts'
import { hasCode, messageOf } from '../../model/errors.ts'
import { insightTypes, type ImageData } from '../../model/image-insights.ts'
import type { WeirEvent } from '../../model/events.ts'

export type Outcome = 'accepted' | 'too_large' | 'malformed' | 'unknown_format' | 'no_image' | 'other_image'

export type ReadDocument = Readonly<{
  outcome: Outcome
  message?: string
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
  let report: Report
  try {
    report = await memory.use(bytes.length, (lease) => readReport(bytes, maxBytes, (size) => lease.grow(size)))
  } catch (error) {
    if (hasCode(error, 'WEIR_MEMORY_TOO_LARGE'))
      return rejected(document, 'too_large', `The document is too large: ${messageOf(error)}.`)
    if (!(error instanceof ReportError)) throw error
    return rejected(document, error.problem.replaceAll('-', '_') as Outcome, error.message)
  }
  const place = document.image
  if (place !== undefined) {
    const { subjects = [] } = report
    if (subjects.length > 0 && !subjects.some((subject) => place.digests.has(subject)))
      return rejected(document, 'other_image', 'The attestation is about another image than the one it is attached to.')
    report = limitedTo(place, report)
  }
  const digest = digestIn(path.replaceAll(/sha256[-_]/g, 'sha256:'))
  const image = place?.image ?? (report.image.digest === undefined && digest !== undefined ? { digest } : {})
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
  return { outcome: 'accepted', events }
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
