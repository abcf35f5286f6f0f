import { createHash } from 'node:crypto'
import {
  eventsOfReport,
  hasParts,
  imageOfReport,
  readReports,
  ReportError,
  type Report,
  type Reserve,
} from '../../codecs/sbom/index.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { WeirEvent } from '../../model/events.ts'
import { Refusal } from '../refusal.ts'
import type { StoredReport } from './schema.ts'

type Document = Readonly<{
  /** Digest of the image. */
  digest: string
  body: Uint8Array
  origin: string
  /** Unix ms. */
  time: number
}>

type Limits = Readonly<{ bytes: number; reserve: Reserve }>

type Read = Readonly<{ events: readonly WeirEvent[]; counts: Omit<StoredReport, 'accepted'> }>

/** The events of a document about an image. Throws {@link Refusal}; then nothing of the document is to be stored. */
export async function eventsOfDocument({ digest, body, origin, time }: Document, limits: Limits): Promise<Read> {
  const report = reportAbout(digest, await parsed(body, limits))
  const { format, packages, problems, facts, waivers, skipped, skippedReason } = report
  const sha256 = createHash('sha256').update(body).digest('hex')
  return {
    events: eventsOfReport(report, { sha256, time, origin, image: { digest } }),
    counts: {
      format,
      packages: packages?.length ?? null,
      problems: problems?.length ?? null,
      facts: facts?.length ?? null,
      waivers: waivers?.length ?? null,
      ...(skipped === undefined ? {} : { skipped, ...withoutUndefined({ skipped_reason: skippedReason }) }),
    },
  }
}

/** The report about this image, from a document about several images. */
function reportAbout(digest: string, reports: readonly Report[]): Report {
  const [first, second] = reports
  const report =
    second === undefined
      ? first
      : reports.find((candidate) => {
          const image = imageOfReport(candidate)
          return image !== undefined && [image.digest, ...(image.aliases ?? [])].includes(digest)
        })
  if (report === undefined)
    throw new Refusal('WEIR_API_INVALID', `None of the ${reports.length} reports of the document is about ${digest}.`)
  if (!hasParts(report) && (report.waivers ?? []).length === 0)
    throw new Refusal(
      'WEIR_API_INVALID',
      `The document (${report.format}) lists no packages, searched none for problems, and has neither facts nor ` +
        'waivers. Nothing of it was stored.',
    )
  return report
}

async function parsed(body: Uint8Array, { bytes, reserve }: Limits): Promise<readonly Report[]> {
  if (body.length === 0) throw new Refusal('WEIR_API_BODY', 'The request has no body.')
  try {
    return await readReports(body, bytes, reserve)
  } catch (error) {
    if (!(error instanceof ReportError)) throw error
    const code = {
      'too-large': 'WEIR_API_TOO_LARGE',
      malformed: 'WEIR_API_BODY',
      'unknown-format': 'WEIR_API_MEDIA_TYPE',
    } as const
    throw new Refusal(code[error.problem], `${error.message} Nothing of this document was stored.`)
  }
}
